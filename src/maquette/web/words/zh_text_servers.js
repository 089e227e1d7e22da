/** 关于其他服务器，服务器用英文说的话，每句对应的中文。 */
export const zhTextServers = {
  "{url} broke off: {reason}": "{url} 中断了：{reason}",
  "{url} said nothing for too long, after {seconds} s; try again, or choose another model":
    "{url} 太久没有回应，已过 {seconds} 秒；请再试一次，或换一个模型。",
  "{url} was not done after {seconds} s; ask for less, or choose another model":
    "{url} 过了 {seconds} 秒还没有完成；请减少要求，或换一个模型。",
  "{url} broke off in the middle of its answer; ask again": "{url} 的回答中途断了，请再试一次。",
  "{url} answers {status}, for it is elsewhere; give the address where it is":
    "{url} 回应 {status}，因为它在别处；请填写它所在的地址。",
  ["{url} wrote what does not fit the JSON Schema: {reason}; ask again, or choose another " +
  "model"]: "{url} 写的内容不符合 JSON Schema：{reason}；请再试一次，或换一个模型。",
  "{url} is no address; give one as http://127.0.0.1:11434/v1":
    "{url} 不是地址；请按 http://127.0.0.1:11434/v1 的样子填写。",
  "{scheme}: is not asked; give an address of http or https":
    "不访问 {scheme}:，请填写 http 或 https 地址。",
  "an address holds no name and no password; give the key beside it":
    "地址里不能有用户名和密码，请把密钥填在旁边。",
  "an address ends before ? and #; leave them out": "地址到 ? 和 # 之前为止，请去掉它们。",
  ["{url} is not found, for no one knows the name {host}; see that its address is " +
  "right"]: "找不到 {url}，因为无人认识 {host} 这个名字；请确认地址无误。",
  "{url} leads to {address}, which is no server's address; give another":
    "{url} 指向 {address}，那不是服务器的地址，请换一个。",
  "{name} is no name of a server; give up to 32 small letters, digits and hyphens":
    "{name} 不能作服务器的名称；请用最多 32 个小写字母、数字和连字符。",
  "there are {most} servers; remove one first": "已有 {most} 个服务器，请先移除一个。",
  "there is a server {name} already; choose another name":
    "已有名为 {name} 的服务器，请换一个名称。",
  "a key goes to no address that it was not given for; give it anew, too":
    "密钥不会发往并非为其填写的地址；请同时重新填写密钥。",
  "no server {name}; list them to find it": "没有服务器 {name}，请在列表中查找。",
  "no text model named {model}; {hint}": "没有名为 {model} 的文本模型；{hint}",
  "the server {name} is used no more; choose another model":
    "服务器 {name} 已不再使用，请换一个模型。",
  "the key of {name} cannot be read; have an admin run maquette doctor":
    "无法读取 {name} 的密钥；请让管理员运行 maquette doctor。",
  "this is no key, for a header cannot carry it; give it as it is":
    "这不是密钥，请求头无法携带；请按原样填写。",
  "the key that encrypts others is missing; have an admin run maquette doctor":
    "用于加密的密钥不见了；请让管理员运行 maquette doctor。",
  "{n} models are too many; at most {most}": "{n} 个模型太多，最多 {most} 个。",
  "{name} cannot be a model's name; give each once, as its server does":
    "{name} 不能作模型名；请按服务器的写法，每个只填一次。",
  "{price} microcredits are no price; give 0 to {most}":
    "{price} 微点不能作价格；请填 0 到 {most}。",
  "{url} does not answer ({reason}); see that it runs, and that its address is right":
    "{url} 没有回应（{reason}）；请确认它在运行、地址无误。",
  "{url} answers {status}, for its key is refused; have an operator check it":
    "{url} 回应 {status}，因为它的密钥被拒绝；请让运营者检查。",
  "{url} answers {status}: {reason}; see that its key is right":
    "{url} 回应 {status}：{reason}；请确认密钥无误。",
  "{url} answers {status}: {reason}": "{url} 回应 {status}：{reason}",
  ["{url} says what is no answer ({said}); see that it is a server for OpenAI's clients"]:
    "{url} 说的不是回答（{said}）；请确认它是给 OpenAI 客户端用的服务器。",
  "the JSON Schema cannot be held to: {reason}": "无法按这个 JSON Schema 来写：{reason}",
};
