import { createRoot } from "react-dom/client";
import "pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css";
import "../phone/tokens.css";
import "../open/open.css";
import "../show/show.css";
import { App } from "../show/App.tsx";

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
