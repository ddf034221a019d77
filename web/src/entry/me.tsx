import { createRoot } from "react-dom/client";
import "pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css";
import "../phone/tokens.css";
import "../phone/phone.css";
import "../phone/screens.css";
import { App } from "../me/App.tsx";

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
