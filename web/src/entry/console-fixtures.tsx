import { createRoot } from "react-dom/client";
import "pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css";

const root = document.getElementById("root");
if (root) createRoot(root).render(<main>안심망 상태표</main>);
