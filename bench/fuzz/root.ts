/** The project's folder, seen from the source or from what was built from it. */
export const ROOT: URL = new URL(import.meta.url.includes("/dist/bench/") ? "../../../" : "../../", import.meta.url);
