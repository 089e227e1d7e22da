/** The words of all pages that are loaded when they are opened. */
import { addWords } from "../words.js";
import { en } from "./pages_en.js";
import { zh } from "./pages_zh.js";

addWords({ en, zh });
