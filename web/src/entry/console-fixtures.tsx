import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import "pretendard/dist/web/variable/pretendardvariable.css";
import "../kit/tokens.css";
import "../kit/console.css";
import "../kit/screens.css";
import "../slices/policy/second.css";
import { newClient } from "../api/hooks";
import { FixtureScreen } from "../fixtures/Screens";
import { Sheet } from "../fixtures/Sheet";
import { KeysProvider } from "../kit/keys";
import { live } from "../live/store";
import { WordsProvider } from "../text";

// this page asks nobody: questions stay open, as on a desk whose server is far away
window.fetch = () => new Promise(() => undefined);
live.beat(Date.now() + 3_600_000);

const query = new URLSearchParams(window.location.search);
const screen = query.get("screen");
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <WordsProvider initial={query.get("lang") === "en" ? "en" : "ko"}>
      {screen ? (
        <FixtureScreen name={screen} />
      ) : (
        <QueryClientProvider client={newClient()}>
          <KeysProvider screens={() => undefined}>
            <Sheet />
          </KeysProvider>
        </QueryClientProvider>
      )}
    </WordsProvider>,
  );
}
