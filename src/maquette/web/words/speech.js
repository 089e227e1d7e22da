/** The words of the page of speech. */
import { addWords } from "../words.js";
import { en } from "./speech_en.js";
import { zh } from "./speech_zh.js";

addWords({ en, zh });
