import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Paths people type, and the page that answers them. The server has the same table. */
const pages: Record<string, string> = {
  "/": "/console.html",
  "/phone": "/phone.html",
  "/unit": "/unit.html",
  "/me": "/me.html",
  "/show": "/show.html",
  "/transparency": "/transparency.html",
  "/verify": "/verify.html",
  "/console-fixtures": "/console-fixtures.html",
};

const server = process.env.ANSIMNET_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [
    react(),
    {
      name: "page-paths",
      configureServer(dev) {
        dev.middlewares.use((request, _response, next) => {
          const [path = "/", query] = (request.url ?? "/").split("?");
          const page = pages[path.length > 1 ? path.replace(/\/$/, "") : path];
          if (page) request.url = query ? `${page}?${query}` : page;
          next();
        });
      },
    },
  ],
  server: { proxy: { "/api": { target: server, ws: true } } },
  build: {
    target: "es2023",
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: {
        console: resolve(import.meta.dirname, "console.html"),
        "console-fixtures": resolve(import.meta.dirname, "console-fixtures.html"),
        phone: resolve(import.meta.dirname, "phone.html"),
        unit: resolve(import.meta.dirname, "unit.html"),
        me: resolve(import.meta.dirname, "me.html"),
        show: resolve(import.meta.dirname, "show.html"),
        transparency: resolve(import.meta.dirname, "transparency.html"),
        verify: resolve(import.meta.dirname, "verify.html"),
      },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
