import { lazy, Suspense } from "react";
import { createRoot } from "react-dom/client";
import "pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css";
import "../phone/tokens.css";
import "../phone/phone.css";
import "../phone/screens.css";
import { App } from "../phone/App.tsx";

/** Sample data is no part of what a phone loads. */
const Fixtures = lazy(() => import("../phone/Fixtures.tsx").then((m) => ({ default: m.Fixtures })));

const root = document.getElementById("root");
const fixtures = location.hash.startsWith("#fixtures") || location.pathname.replace(/\/$/, "").endsWith("-fixtures");
if (root)
  createRoot(root).render(
    fixtures ? (
      <Suspense>
        <Fixtures />
      </Suspense>
    ) : (
      <App />
    ),
  );
