/** The words of the page of code. */
import { addWords } from "../words.js";
import { en } from "./code_en.js";
import { zh } from "./code_zh.js";

addWords({ en, zh });
