import { createRoot } from "react-dom/client";
import "pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css";
import "../phone/tokens.css";
import "../phone/phone.css";
import "../phone/screens.css";
import { App } from "../phone/App.tsx";
import { Fixtures } from "../phone/Fixtures.tsx";

const root = document.getElementById("root");
const fixtures = location.hash.startsWith("#fixtures") || location.pathname.replace(/\/$/, "").endsWith("-fixtures");
if (root) createRoot(root).render(fixtures ? <Fixtures /> : <App />);
