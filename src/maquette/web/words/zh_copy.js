/** 文案相关的功能用英文说的话，每句对应的中文。 */

/** As in `zh_server.js`. */
export const zhCopy = {
  "no template named {name}; {hint}": "没有名为 {name} 的模板；{hint}",
  "{file}: {at} is no YAML: {problem}; mend it": "{file}：{at} 不是 YAML（{problem}），请改正。",
  "{file}: {key}{why}; see the other templates": "{file}：{key}{why}；请参照其他模板。",
  "{template} is not written in {language}, only {only}":
    "{template} 不能用 {language} 写，只能用 {only}。",
  "{template} has no input {name}; {hint}": "{template} 没有 {name} 这一项；{hint}",
  "{template} needs {name}, such as {hint}; fill it in":
    "{template} 需要填写 {name}，例如 {hint}。",
  "{template} needs a tone, such as 'warm'; name one": "{template} 需要语气，例如“温暖”，请指定。",
  "{name} has {count} lines; at most {most}": "{name} 有 {count} 行，最多 {most} 行。",
  "{name} is one text, not a list of lines; join them": "{name} 应为一段文字，请把各行合并。",
  "{name} has {count} characters, and at most {most} are read; shorten it":
    "{name} 有 {count} 个字符，最多读 {most} 个，请缩短。",
  [
    "no text has at least {least} words and at most {most}; " + "name the smaller number first"
  ]: "文字不可能至少 {least} 字又至多 {most} 字，请先填较小的数。",
  "{word} must be in it, and {avoided} must not; leave one of them out":
    "要求包含 {word}，又要求避免 {avoided}，请去掉其中一个。",
  "{least} words do not fit this text; ask for at most {most}":
    "这里写不下 {least} 字，请最多要 {most} 字。",
  [
    "{model} has room for {room} tokens after what it reads here, and {least} " +
      "words have more; shorten what it reads or choose another model"
  ]: "{model} 读完这些后只剩 {room} 个词元，写不下 {least} 字；请缩短所读的内容，或换一个模型。",
  "{count} brand voices are as many as may be kept; delete one first":
    "已有 {count} 个品牌口吻，不能再多，请先删除一个。",
  "{count} documents are as many as may be kept; delete one first":
    "已有 {count} 篇文档，不能再多，请先删除一篇。",
  "documents and what they said before may have {most} MiB; delete one first":
    "文档和它们以前的版本最多存 {most} MiB，请先删除一篇。",
  "{count} campaigns are as many as may be kept; delete one first":
    "已有 {count} 个企划，不能再多，请先删除一个。",
  "this document was changed elsewhere, and is at version {number}; load it anew":
    "这篇文档已在别处改过（现为第 {number} 版），请重新载入。",
  "version {number} of {id} is not here": "找不到 {id} 的第 {number} 版。",
  ["the document has {count} characters, and at most {most} are kept; " + "make two of it"]:
    "文档有 {count} 个字符，最多存 {most} 个，请分成两篇。",
  "no template of this campaign has an input {name}; {hint}":
    "这个企划的模板都没有 {name} 这一项；{hint}",
  "{count} templates; a campaign has between 1 and {most}":
    "选了 {count} 个模板，一个企划须有 1 到 {most} 个。",
  "{name} changes a text, and a campaign has none; leave it out":
    "{name} 是用来改文字的，企划里没有文字可改，请去掉。",
  "{count} characters are too many to learn from; paste at most {most}":
    "{count} 个字符太多，最多粘贴 {most} 个。",
  "{count} words are too few to learn from; paste at least {least}":
    "只有 {count} 字，太少了，请至少粘贴 {least} 字。",
};
