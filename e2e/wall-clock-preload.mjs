// Loaded into a server before its own code: its wall clock goes as far ahead of the true time as the file says, in ms.
import { readFileSync } from "node:fs";

const now = Date.now;
Date.now = () => now() + Number(readFileSync(process.env.WALL_CLOCK, "utf8"));
