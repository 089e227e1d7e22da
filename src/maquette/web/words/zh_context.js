/** 文字所用的图片和资料出错时用英文说的话，每句对应的中文。 */

/** As in `zh_server.js`. */
export const zhContext = {
  "{count} are too many for the context of one request; name at most {most}":
    "一次请求用不了 {count} 项资料，最多 {most} 项。",
  "{count} pictures are too many for one request; show at most {most}":
    "一次请求放不下 {count} 张图片，最多 {most} 张。",
  ["{name} names no context; " + "give asset:ID, document:ID or the hash of a picture"]:
    "{name} 不是资料的名字，请写 asset:ID、document:ID 或图片的哈希值。",
  "{name} is {kind}, which is no context; name a picture or a text":
    "{name} 是 {kind}，不能当资料用，请选图片或文字。",
  "{name} is empty; leave it out of the context": "{name} 是空的，请去掉。",
  [
    "{name} has over {count} characters, and at most {most} are " +
      "read as context; name a shorter text"
  ]: "{name} 超过 {count} 个字符，当资料最多读 {most} 个，请换一篇短的。",
  "{name} is not here; name an asset or a document of yours":
    "找不到 {name}，请选您自己的作品或文档。",
  "{name} is no picture; name one, or say what it shows":
    "{name} 不是图片，请选一张图片，或说说图里有什么。",
  "{name} is no picture; name one": "{name} 不是图片，请选一张图片。",
  "{name} is not looked at here; say in words what it shows":
    "这里不看 {name}，请说说图里有什么。",
  [
    "what the picture {picture} shows is nothing that the starter's captioner " +
      "knows; say it in words, or name a captioner that sees"
  ]: "图片 {picture} 的内容，入门识图模型认不出来；请说说图里有什么，或指定一个能看图的模型。",
  "{captioner} said nothing of the picture; choose a model that sees":
    "{captioner} 没有说出图里有什么，请换一个能看图的模型。",
  "no captioner named {name}; {hint}": "没有名为 {name} 的识图模型；{hint}",
  "models of the kind {kind} do not see; choose one that does":
    "{kind} 类的模型不能看图，请换一个能看图的。",
  "it is an adapter of another model; merge the two": "这是另一个模型的适配器，请先将两者合并。",
  "its processor reads no pictures; choose another model":
    "它的处理器不能读图片，请换一个模型。",
  "a package is missing: {reason}; install it or choose another model":
    "缺少软件包：{reason}；请安装它，或换一个模型。",
  [
    "the picture takes {count} tokens, and {model} reads {most}, its answer included; " +
      "choose another model"
  ]: "这张图片要 {count} 个词元，{model} 连同回答只能读 {most} 个，请换一个模型。",
  "{model} cannot read this picture: {reason}; choose another model":
    "{model} 读不了这张图片：{reason}；请换一个模型。",
  "the picture {picture} is not here any more; put it anew":
    "图片 {picture} 已经不在了，请重新上传。",
  ["the picture at {url} is not fetched; send it as a data URL, or " + "name asset:ID"]:
    "不会去取 {url} 处的图片，请以 data URL 发送，或写 asset:ID。",
  ["the data URL {url} is not in base64; write " + "data:image/png;base64,…"]:
    "data URL {url} 不是 base64，请写成 data:image/png;base64,…。",
  "the data URL {url} has no whole base64; encode it anew":
    "data URL {url} 的 base64 不完整，请重新编码。",
  [
    "the talk has {count} tokens with its context, and {model} reads {most}, its answer " +
      "included; name less or choose another model"
  ]: "对话连同资料有 {count} 个词元，{model} 连同回答只能读 {most} 个；请少选一些，或换一个模型。",
};
