import { createRoot } from "react-dom/client";
import "pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css";
import "../phone/tokens.css";
import "../open/open.css";
import { App } from "../open/App";

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
