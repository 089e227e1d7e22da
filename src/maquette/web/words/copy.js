/** The words of the pages of copy, which are loaded when one is opened. */
import { addWords } from "../words.js";
import { en } from "./copy_en.js";
import { zh } from "./copy_zh.js";

addWords({ en, zh });
