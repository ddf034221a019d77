import { lazy, Suspense } from "react";
import { createRoot } from "react-dom/client";
import "pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css";
import "../phone/tokens.css";
import "../phone/phone.css";
import "../phone/screens.css";
import "../unit/unit.css";
import { App } from "../unit/App.tsx";

/** Sample data is no part of what a phone loads. */
const Fixtures = lazy(() => import("../unit/Fixtures.tsx").then((m) => ({ default: m.Fixtures })));

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    location.hash.startsWith("#fixtures") ? (
      <Suspense>
        <Fixtures />
      </Suspense>
    ) : (
      <App />
    ),
  );
