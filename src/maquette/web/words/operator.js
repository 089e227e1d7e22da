/** The words of the operators’ pages. */
import { addWords } from "../words.js";
import { en } from "./operator_en.js";
import { zh } from "./operator_zh.js";

addWords({ en, zh });
