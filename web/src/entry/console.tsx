import { createRoot } from "react-dom/client";
import "pretendard/dist/web/variable/pretendardvariable.css";
import "../kit/tokens.css";
import "../kit/console.css";
import "../kit/screens.css";
import "../slices/policy/second.css";
import { App } from "../console/App";

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
