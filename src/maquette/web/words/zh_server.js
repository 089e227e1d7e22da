/** 服务器用英文说的话，每句对应的中文。 */
import { zhCode, zhCodeParts } from "./zh_code.js";
import { zhContext } from "./zh_context.js";
import { zhCopy } from "./zh_copy.js";
import { zhSpeech, zhSpeechParts } from "./zh_speech.js";
import { zhTextServers } from "./zh_text_servers.js";

/** By the English line as its source has it, `{name}` for a value. A value may be a line itself. */
export const zhServer = {
  ...zhCode,
  ...zhContext,
  ...zhCopy,
  ...zhSpeech,
  ...zhTextServers,
  // what is asked for
  'the prompt is empty; say what to draw, such as "a red boat"':
    "提示词是空的；请说说要画什么，例如“一艘红色的船”。",
  "the {name} {text} is not valid UTF-8; type it anew":
    "{name}里有无法识别的字符（{text}），请重新输入。",
  "the {name} is {tokens} tokens long; {model} reads {most}: shorten it":
    "{name}有 {tokens} 个词元，{model} 最多读 {most} 个，请缩短。",
  "{name} {value} must be a multiple of {step} from {least} to {most}; nearest is {nearest}":
    "{name} {value} 须为 {least} 到 {most} 之间 {step} 的倍数，最接近的是 {nearest}。",
  "size {width}x{height} does not fit {model}; use multiples of {step}":
    "尺寸 {width}×{height} 不适合 {model}，请用 {step} 的倍数。",
  "unknown sampler {sampler}; {hint}": "没有采样器 {sampler}；{hint}",
  "steps {steps} must be between 1 and {most}": "步数 {steps} 须在 1 到 {most} 之间。",
  ["steps {steps} are too many for this sampler with {spacing} spacing, steps_offset " +
  "{offset}; ask for a few less"]:
    "步数 {steps} 对这个采样器太多（间隔 {spacing}，偏移 {offset}），请少几步。",
  ["steps {steps} are too many for this sampler, which knows {known} timesteps; 4 to 8 " +
  "steps are usual"]: "步数 {steps} 对这个采样器太多，它只有 {known} 个时间步；通常用 4 到 8 步。",
  "guidance {value} must be between 0 and {most}": "引导强度 {value} 须在 0 到 {most} 之间。",
  ["a negative prompt does nothing at guidance 1; give another guidance, " +
  "or leave the negative prompt out"]:
    "引导强度为 1 时反向提示词不起作用；请改用别的引导强度，或去掉反向提示词。",
  "guidance interval {start},{end} must be two shares of the steps from 0 to 1, the less one first":
    "引导区间 {start},{end} 须为 0 到 1 之间的两个数，小的在前。",
  "strength {value} must be above 0 (keep the picture) and at most 1 (new)":
    "改变程度 {value} 须大于 0（保留原图），最多为 1（全新）。",
  "seed {seed} must be between 0 and 2^63 - 1": "种子 {seed} 须在 0 到 2^63 − 1 之间。",
  "count {count} must be between 1 and {most}": "张数 {count} 须在 1 到 {most} 之间。",
  "{keep} pictures cannot be kept of {count}; draw at least as many":
    "画 {count} 张无法留下 {keep} 张，请至少画那么多。",
  "no {kind} model named {model}; {hint}": "没有名为 {model} 的{kind}模型；{hint}",
  "{line}, or name a folder": "{line}也可以指定一个文件夹。",
  "the folder {folder} holds no {kind} model, for {file} is not in it; name another":
    "文件夹 {folder} 里没有 {kind} 模型（缺少 {file}），请换一个。",
  "{folder} cannot be used: {reason}": "{folder} 无法使用：{reason}",
  "{folder} has changed since it was loaded; restart maquette":
    "{folder} 在载入之后有改动，请重新启动 maquette。",
  "{name} {value} is not one of {known}": "{name} {value} 不在 {known} 之中。",
  ["a model that predicts epsilon cannot begin from pure noise; use prediction_type " +
  "v_prediction or rescale_betas_zero_snr false"]:
    "预测 epsilon 的模型不能从纯噪声开始；请用 prediction_type v_prediction 或 rescale_betas_zero_snr false。",
  "trained_betas cannot be read; give a beta_schedule instead":
    "无法读取 trained_betas，请改用 beta_schedule。",
  "did you mean {name}?": "您是不是想用 {name}？",
  "known are {names}": "可用的有 {names}。",
  // how much waits
  "{jobs} requests wait{work}; try again in {seconds} s":
    "已有 {jobs} 个任务在排队{work}，请 {seconds} 秒后再试。",
  ["this would take about {time}, and no more than {most} of work are let in; ask for fewer " +
  "steps or pictures, or a smaller size"]:
    "这大约需要 {time}，而排队的任务最多共需 {most}；请减少步数或张数，或缩小尺寸。",
  // payments
  "no invoice {invoice}": "没有账单 {invoice}。",
  "name a pack_id or a plan_id, not both": "请只填 pack_id 或 plan_id 之一。",
  "you have plan {plan}; change that instead": "您已有套餐 {plan}，请直接更改。",
  "plan {plan} is above {old}; ask an operator, who takes the payment":
    "套餐 {plan} 高于 {old}，请联系管理员付款。",
  "plan {plan} is not above {old}; change it": "套餐 {plan} 并不高于 {old}，请改用更改。",
  "there is no plan; choose one first": "还没有套餐，请先选一个。",
  "Stripe would go on charging for plan {plan} of {whose}; end that plan first":
    "Stripe 会继续为 {whose} 的套餐 {plan} 扣款，请先结束该套餐。",
  "payment {payment} came by {provider}, whose key is not set here":
    "付款 {payment} 来自 {provider}，而这里没有设置密钥。",
  "a check ends; try again in a minute": "一次核对正在结束，请一分钟后再试。",
  "the plan is paid by Stripe, whose key is not set here":
    "这个套餐通过 Stripe 付款，而这里没有设置密钥。",
  "the plan is not paid by card; ask an operator": "这个套餐不是用银行卡付款的，请联系管理员。",
  "account {account} pays for its plan by {provider}": "账户 {account} 的套餐由 {provider} 付款。",
  "account {account} has plan {plan}; renew or change that":
    "账户 {account} 已有套餐 {plan}，请续订或更改。",
  "the plan ends or is not paid; resume or pay it first":
    "套餐即将结束或尚未付款，请先恢复或付款。",
  "plan {plan} is sold in {currency}, not {old}": "套餐 {plan} 以 {currency} 出售，而不是 {old}。",
  "a change to {next} is planned; change back to {plan} first":
    "已计划改为 {next}，请先改回 {plan}。",
  "nothing is sold here yet; ask an operator for credits or a code":
    "这里还不能购买，请向管理员索取积分或兑换码。",
  "Stripe did not do it: {why}; try again later": "Stripe 没有完成：{why}；请稍后再试。",
  "Stripe refuses: {why}; put that right and try again":
    "Stripe 拒绝了：{why}；请解决后再试。",
  ["Stripe has not said which charge payment {payment} is; refund it in " +
  "Stripe's dashboard"]: "Stripe 没有说明付款 {payment} 对应哪笔扣款，请在 Stripe 后台退款。",
  ["Stripe says that payment {payment} was refunded, and money of that came back; see its " +
  "dashboard, and send it another way"]:
    "Stripe 称付款 {payment} 已退款，但其中有款项被退回；请查看 Stripe 后台，并以其他方式退还。",
  "this webhook is not signed by Stripe; check stripe_webhook_secret":
    "这个回调没有 Stripe 的签名，请检查 stripe_webhook_secret。",
  "this webhook was signed too long ago; Stripe sends it anew":
    "这个回调的签名时间太久，Stripe 会重新发送。",
  ["this webhook is of Stripe's API version {version}; have its endpoint send " +
  "{ours}"]: "这个回调的 Stripe API 版本是 {version}，请让回调地址发送 {ours} 版本。",
  "no pack {pack}; {hint}": "没有积分包 {pack}；{hint}",
  "no plan {plan}; {hint}": "没有套餐 {plan}；{hint}",
  "no payment {payment}": "没有付款 {payment}。",
  "payment {payment} is {state}; nothing to refund": "付款 {payment} 的状态是 {state}，没有可退的。",
  "a price of {price} needs a currency; give one": "价格 {price} 需要货币单位，请填写。",
  "there is no such code; compare it letter by letter": "没有这个兑换码，请逐字核对。",
  "this code was redeemed by you before; give another one": "您已兑换过这个码，请换一个。",
  "this code is used up, or its time is over; give another one":
    "这个兑换码已用完或已过期，请换一个。",
  "the codes would be over since {time}; choose a later time":
    "这些兑换码在 {time} 就已过期，请选更晚的时间。",
  "{wrong} wrong codes were given; try again in {minutes} min":
    "已输错 {wrong} 次兑换码，请 {minutes} 分钟后再试。",
  // LoRA
  "scale {scale} of {adapter} must be between {least} and {most}; 1 is as it was trained":
    "{adapter} 的强度 {scale} 须在 {least} 到 {most} 之间，1 即训练时的强度。",
  "{n} adapters are too many; at most {most}": "{n} 个 LoRA 太多了，最多 {most} 个。",
  "adapter {name} is named {times} times; add up its scales":
    "LoRA {name} 出现了 {times} 次，请把强度相加。",
  "no adapter named {adapter}; {hint}": "没有名为 {adapter} 的 LoRA；{hint}",
  "{missing}; {hint}name a file{place}": "{missing}，请换一个。",
  "{path} is no {suffix} file, and others may run what is in them; convert it":
    "{path} 不是 {suffix} 文件，其他格式可能会运行其中的代码，请先转换。",
  "the LoRA {adapter} cannot be used: {reason}": "LoRA {adapter} 无法使用：{reason}",
  "the LoRA {adapter} is not whole: {reason}; get it again":
    "LoRA {adapter} 不完整，请重新获取：{reason}",
  "the LoRA {adapter} does not fit this model: {reason}; use one made for it":
    "LoRA {adapter} 不适合此模型，请换一个为它制作的：{reason}",
  "it is {method}, and only plain LoRA is computed; use another":
    "它是 {method}，这里只能计算普通的 LoRA，请换一个。",
  "it holds {weight}, which is of no U-Net that is known":
    "里面的内容（{weight}）不属于任何已知的 U-Net。",
  "this model has no place for {weight}; use one made for it":
    "此模型中没有 {weight} 的位置，请换一个为它制作的。",
  "{weight} holds what is no number; get it again": "{weight} 中有不是数的值，请重新获取。",
  "the scale of {layer} is no number; get it again": "{layer} 的强度不是数，请重新获取。",
  "it lacks {weight}; get it again": "缺少 {weight}，请重新获取。",
  // pictures to begin from
  "{name} is {width}x{height}; at most {most} million pixels are read: shrink it":
    "{name}是 {width}×{height}，最多读取 {most} 百万像素，请缩小。",
  "{name} has too many pixels; shrink it": "{name}像素太多，请缩小。",
  "{name} does not exist; name a picture file": "{name} 不存在，请指定一个图片文件。",
  "{name} is not a picture that can be read; use PNG or JPEG":
    "{name}不是可以读取的图片，请用 PNG 或 JPEG。",
  "{name} cannot be read as a picture: {reason}": "{name}无法作为图片读取：{reason}",
  "{name} cannot be read as a picture: {reason}; save it anew":
    "{name}无法作为图片读取：{reason}；请重新保存。",
  "{path} does not end in .png; pictures are written as PNG: name it {name}.png":
    "{path} 不以 .png 结尾；图片存为 PNG，请命名为 {name}.png。",
  "a mask needs the picture it belongs to; add --from IMAGE": "蒙版需要它所属的图片。",
  "the {name} is {width}x{height} but {w}x{h} is asked for; make them the same size":
    "{name}是 {width}×{height}，要求的却是 {w}×{h}，请让两者大小相同。",
  "margins {margins} must be zero or more pixels, at least one of them above zero":
    "边距 {margins} 须为零或更多像素，至少一边大于零。",
  "no picture {hash}; put it first": "没有图片 {hash}，请先上传。",
  ["with this picture of {size} bytes you would have put {all}, and {most} may be kept; begin " +
  "from one that is here, or have upload_bytes raised"]:
    "加上这张 {size} 字节的图片，您共上传了 {all} 字节，最多可保留 {most} 字节；" +
    "请从已有的图片开始，或请人调高 upload_bytes。",
  "a body over {most} MiB is not taken here; send less": "这里最多接收 {most} MiB，请缩小后再发。",
  // what is there and what is not
  "{id} is not here": "{id} 不在这里。",
  "{id} was not deleted": "{id} 没有被删除。",
  "the bytes of {hash} are not here; restore a backup": "{hash} 的数据不在了，请从备份恢复。",
  "a page of {origin} may not do this; use the studio's own":
    "{origin} 的页面不能这样做，请用工作室自己的页面。",
  // credits
  "{needed} credits are needed and {there} are there; buy more, or ask for less":
    "需要 {needed} 点数，现有 {there}；请充值，或减少要求。",
  "model {model} has no price; {hint}": "模型 {model} 没有定价；{hint}",
  "account {account} is the system's; choose another name": "账户 {account} 属于系统，请换一个名称。",
  "no account {account}": "没有账户 {account}。",
  "a grant of {amount} microcredits; give at least 1": "发放 {amount} 微点数太少，至少为 1。",
  "a hold of {amount} microcredits; hold at least 1": "预留 {amount} 微点数太少，至少为 1。",
  "{amount} microcredits cannot be charged of the {held} that hold {id} has":
    "预留 {id} 只有 {held} 微点数，不能扣除 {amount}。",
  "{amount} microcredits cannot be charged; charge 1 or void the hold":
    "不能扣除 {amount} 微点数；请至少扣 1，或取消预留。",
  "no hold {id}": "没有预留 {id}。",
  "hold {id} is {state} already": "预留 {id} 已经了结（{state}）。",
  "job {id} has another hold, {other}": "任务 {id} 已有另一笔预留 {other}。",
  "hold {id} of job {job} is {state} already": "任务 {job} 的预留 {id} 已经了结（{state}）。",
  "no transfer {id}": "没有转账 {id}。",
  "transfer {id} is of kind {kind}, which is not undone": "转账 {id} 属于 {kind}，不能撤销。",
  "transfer {id} is reversed already": "转账 {id} 已经撤销过了。",
  ["{there} of the grant's {given} credits are there; what is spent, held or expired cannot " +
  "be taken back"]: "这笔 {given} 点数只剩 {there}；已用、已预留或已过期的无法收回。",
  "account {account} has no transfer {number}": "账户 {account} 没有第 {number} 笔转账。",
  "{line} is no line of a head; name a file of one":
    "{line} 不是链头文件的一行；请指定一个链头文件。",
  "the key {key} came with another request; use a new one":
    "键 {key} 已用于另一个请求，请换一个新的。",
  "this is for operators; ask one": "这是管理员的功能，请联系管理员。",
  "another page may not do this; use the studio's own": "别的页面不能这样做，请用工作室自己的页面。",
  "it is not said which page this is from; send Origin, or use a key":
    "没有说明这来自哪个页面；请带上 Origin，或使用密钥。",
  // people
  "no one is signed in; sign in first": "尚未登录，请先登录。",
  "e-mail and password do not go together; try again or reset it":
    "邮箱与密码不匹配，请重试或重设密码。",
  ["sign in as who signed up, or give the password that was chosen then; if it was not you, do " +
  "nothing"]: "请以注册时的账户登录，或输入当时设置的密码；如果不是您本人注册的，请不要理会。",
  "this is not the password that was chosen at sign-up": "这不是注册时设置的密码。",
  "this account is suspended; ask an operator": "此账户已停用，请联系管理人员。",
  "people are added by an admin here; ask one": "这里由管理员添加账户，请联系管理员。",
  "this is for admins; ask one": "这只限管理员，请联系他们。",
  "this key is unknown or over; send Authorization: Bearer KEY":
    "密钥不存在或已过期；请发送 Authorization: Bearer KEY。",
  "this key is not for {scope}; make one that is": "这个密钥不能用于 {scope}，请另建一个。",
  "a key that was over by {date}; take a later time": "密钥在 {date} 已过期，请选更晚的时间。",
  "there are {n} keys, and no more are kept; delete one first":
    "已有 {n} 个密钥，不能再多，请先删除一个。",
  "what this key, or you of this team, may spend is used up; have the limit raised":
    "这个密钥或您在团队中的额度已用完，请让人调高。",
  "no person has shown that {email} is theirs; list people to find them":
    "没有人确认过 {email}，请在列表中查找。",
  "operators suspend members alone; ask an admin": "运营人员只能停用普通成员，请联系管理员。",
  "this is for the team's owners; ask one": "这只限团队的所有者，请联系他们。",
  "this is the team's last owner; make another one first":
    "这是团队的最后一位所有者，请先设另一位。",
  "{most} teams are the most one may be of; leave one first": "最多加入 {most} 个团队，请先退出一个。",
  "a team has {most} members at most; found another one": "团队最多 {most} 人，请另建一个。",
  "show first that your address is yours, by the link that you were sent":
    "请先通过收到的链接确认您的邮箱。",
  "who sent this invitation may not any more; ask another owner of the team for one":
    "发出邀请的人已无权邀请，请向团队的其他所有者索取。",
  "{id} is not of this team": "{id} 不在这个团队中。",
  "{id} is no team of yours": "{id} 不是您的团队。",
  "a second factor is in force; remove it first": "两步验证已启用，请先移除。",
  "the key of second factors is missing; have an admin run maquette doctor":
    "两步验证的密钥丢失，请让管理员运行 maquette doctor。",
  "{id} has no second factor; there is nothing to remove": "{id} 没有启用两步验证，无需移除。",
  "there is no second factor to be confirmed; begin with one": "没有待确认的两步验证，请先开始设置。",
  "this code is not right, or was used; give the one of now": "验证码不对或已用过，请输入当前的。",
  "this code is not right, or was used; give the next": "验证码不对或已用过，请输入下一个。",
  "a second factor is in force; give the code of your app": "已启用两步验证，请输入应用中的验证码。",
  "without a password there is no second factor; set one first": "没有密码就无法启用两步验证，请先设密码。",
  "this sign-in was not begun in this browser; begin anew": "登录不是在这个浏览器中开始的，请重新登录。",
  "{provider} did not say who you are; begin anew": "{provider} 没有确认您的身份，请重新登录。",
  "{provider} does not answer as it should; try again in a minute":
    "{provider} 没有正常回应，请稍后再试。",
  ["an address alone does not open this account; sign in with your password and code, then link " +
  "{provider} in your settings"]:
    "仅凭邮箱不能进入此账户；请用密码和验证码登录，再在设置中关联 {provider}。",
  ["{provider} was unlinked from the account of this address; sign in another way, then link " +
  "{provider} in your settings"]:
    "此邮箱的账户已取消关联 {provider}；请用其他方式登录，再在设置中关联 {provider}。",
  "linking was not begun in this session, or is over; begin anew":
    "关联不是在此次登录中开始的，或已过期，请重新关联。",
  "who you are at {provider} opens another account here; unlink it there first":
    "您在 {provider} 的身份已关联这里的另一个账户，请先在那里取消关联。",
  "{provider} is not linked; there is nothing to unlink": "{provider} 没有关联，无需取消。",
  "{provider} is your only way in; set a password and confirm your address":
    "{provider} 是您唯一的登录方式；请先设置密码并确认邮箱。",
  "no provider {id} is set up here": "这里没有设置 {id}。",
  "a key may not do this; sign in": "密钥不能这样做，请登录。",
  ["over plain HTTP others could read the password; serve the studio over HTTPS, and name the " +
  "proxy that does so in the setting proxies"]:
    "通过普通 HTTP 别人可能读到密码；请以 HTTPS 提供工作室，并在设置 proxies 中写明代理。",
  "{text} is no e-mail address; write it as name@example.org":
    "{text} 不是邮箱地址，请写成 name@example.org 的样子。",
  "{email} has an account; sign in, or take another address":
    "{email} 已有账户；请登录，或换一个地址。",
  "the password has {n} characters; take {least} to {most} of any kind":
    "密码有 {n} 个字符，请用 {least} 到 {most} 个，种类不限。",
  "this password is guessed easily; take some words that are yours":
    "这个密码很容易被猜到，请用几个只属于您的词。",
  "the current password is another one; try again or reset it":
    "当前密码不对，请重试或重设密码。",
  "you have no password here; make one with maquette accounts add EMAIL --admin":
    "您在这里没有密码；请运行 maquette accounts 的 add EMAIL --admin。",
  ["you have no password to show that it is you; sign out and in again, then do this within " +
  "{minutes} min"]: "您没有密码可以证明是本人，请退出并重新登录，然后在 {minutes} 分钟内再试。",
  "this link was used or is over; have another one sent": "这个链接已用过或已过期，请重新发送。",
  "this was tried {times} times; try again in {minutes} min":
    "已尝试 {times} 次，请 {minutes} 分钟后再试。",
  "there is no address to be shown; you need do nothing": "没有需要确认的邮箱，您无需操作。",
  "{email} is no longer the address of this account": "{email} 已不是此账户的邮箱。",
  "no person {id}": "没有用户 {id}。",
  "this is the last admin who can sign in; make another one first":
    "这是最后一位能登录的管理员，请先设另一位。",
  // texts
  "tools are not called here; leave them out": "这里不调用工具，请去掉。",
  "there is no answer: {reason}": "没有得到回答：{reason}",
  "what was said before does not hold, for another worker went on otherwise; ask again":
    "之前给出的文字作废，另一个工作进程续写的内容不同，请重新请求。",
  "the JSON Schema is no JSON: {reason}": "JSON Schema 不是 JSON：{reason}",
  "the JSON Schema has {count} characters, and at most {most} are read; shorten it":
    "JSON Schema 有 {count} 个字符，最多只读 {most} 个，请缩短。",
  "the JSON Schema cannot be held to: {reason}": "无法遵守此 JSON Schema：{reason}",
  ["the prompt has {count} tokens, and this model reads {most}, its answer included; shorten the " +
    "prompt or choose another model"]:
    "提示词有 {count} 个词元，此模型连同回答最多读 {most} 个，请缩短提示词或另选模型。",
  ["{count} tokens need {size} GiB for their keys and values, and this worker keeps {most}; ask " +
    "for fewer max_tokens"]:
    "{count} 个词元的键值需要 {size} GiB，而此处只留 {most}；请减小 max_tokens。",
  "the JSON Schema must be a JSON object": "JSON Schema 须为 JSON 对象。",
  "unknown role {role}; {hint}": "没有角色 {role}；{hint}",
  "the message {text} is not valid UTF-8 text; type it anew":
    "消息 {text} 不是有效的 UTF-8 文字，请重新输入。",
  "max_tokens {value} must be between 1 and {most}": "max_tokens {value} 须在 1 到 {most} 之间。",
  "temperature {value} must be between 0 and {most}": "温度 {value} 须在 0 到 {most} 之间。",
  "top_p {value} must be above 0 and at most 1": "top_p {value} 须大于 0，且不超过 1。",
  "{count} stops are too many; at most {most}": "{count} 个停止词太多，最多 {most} 个。",
  "an empty stop would end every text at once; leave it out":
    "空的停止词会让每篇文字立刻结束，请去掉。",
  "a stop of {count} characters is too long; at most {most}":
    "停止词有 {count} 个字符，太长了，最多 {most} 个。",
  "the stop {text} is not valid UTF-8 text; type it anew":
    "停止词 {text} 不是有效的 UTF-8 文字，请重新输入。",
  "the JSON Schema is not valid UTF-8 text; type it anew":
    "JSON Schema 不是有效的 UTF-8 文字，请重新输入。",
  'the prompt is empty; say what to write, such as "a tagline for a kettle"':
    "提示词是空的；请写出要写什么，例如“为水壶写一句标语”。",
  "the prompt has {count} characters, and at most {most} are read; shorten it":
    "提示词有 {count} 个字符，最多只读 {most} 个，请缩短。",
  "no model named {model}; {hint}": "没有名为 {model} 的模型；{hint}",
  "{model} cannot read this talk: {reason}": "{model} 读不懂这段对话：{reason}",
  ["the prompt has {count} tokens, and {model} reads {most}, its answer included; shorten it or " +
  "choose another model"]:
    "提示词有 {count} 个词元，{model} 连同回答只能读 {most} 个；请缩短，或换一个模型。",
  "{id} is {type}, no picture; leave the width out": "{id} 是 {type}，不是图片，请去掉宽度。",
  // what went wrong
  "the database does not answer; try again in a moment": "数据库没有回应，请稍后再试。",
  "this broke {times} times; ask for less": "绘制时出了 {times} 次问题，请减少要求。",
  "{most} requests a minute are let in; try again in {time} s":
    "每分钟最多接受 {most} 个任务，请 {time} 秒后再试。",
  "something broke while this was made; the log of the studio says what":
    "绘制时出了问题，详情见工作室的日志。",
  ["latents of {shape} do not fit the memory that {device} has left; ask for a smaller " +
  "size, or end what else uses it"]:
    "{device} 剩余的内存放不下 {shape} 的潜变量；请缩小尺寸，或关闭占用内存的其他程序。",
  "{path} cannot be written: {reason}": "无法写入 {path}：{reason}",
  "the storage {url} refuses: {reason}; check its settings":
    "存储 {url} 拒绝了请求：{reason}；请检查其设置。",
  "{path} cannot be made: {reason}": "无法创建 {path}：{reason}",
  "{path} is a folder; name a file in it": "{path} 是文件夹，请指定其中的文件。",
  "{path} is not a file that can be replaced; name another": "{path} 不能被替换，请换一个。",
  "the folder {folder} does not exist; make it first": "文件夹 {folder} 不存在，请先创建。",
  "{reason}; {remedy}": "{reason}；{remedy}",
  "free some space, or choose another folder": "请腾出空间，或换一个文件夹。",
  "free some of your quota, or choose another folder": "请腾出配额，或换一个文件夹。",
  "choose a folder that can be written": "请选一个可以写入的文件夹。",
  "choose a path you may use, or change its permissions": "请选一个有权使用的路径，或更改权限。",
  "name a file in that folder": "请指定那个文件夹里的文件。",
  "choose another name": "请换一个名字。",
  "choose a shorter name": "请换一个短一些的名字。",
};

/** Likewise the parts of lines, and the names of values. */
export const zhParts = {
  ...zhSpeechParts,
  ...zhCodeParts,
  "there are none": "一个也没有。",
  ", about {time} of work": "（约需 {time}）",
  "{n} s": "{n} 秒",
  "{n} min": "{n} 分钟",
  "no LoRA named {adapter}": "没有名为 {adapter} 的 LoRA",
  "{folder} holds no {file}": "{folder} 里没有 {file}",
  "check the path": "请检查路径。",
  "the owner of this machine": "这台机器的所有者",
  "this account": "此账户",
  nothing: "空",
  prompt: "提示词",
  "negative prompt": "反向提示词",
  width: "宽",
  height: "高",
  count: "张数",
  seed: "种子",
  strength: "改变程度",
  image: "图像",
  picture: "图片",
  mask: "蒙版",
  "the upload": "上传的文件",
};

/** Likewise what libraries and the system say, and what they call a value. */
export const zhLibraries = {
  "body.{field}: Input should be a valid integer{more}": "{field}须为整数",
  "body.{field}: Unable to parse input string as an integer, exceeded maximum size": "{field}太大",
  "body.{field}: Input should be a valid number{more}": "{field}须为数字",
  "body.{field}: Input should be less than {most}": "{field}须小于 {most}",
  "body.{field}: Input should be less than or equal to {most}": "{field}最多为 {most}",
  "body.{field}: Input should be greater than or equal to {least}": "{field}至少为 {least}",
  "body.{field}: String should have at most {most} characters": "{field}最多 {most} 个字符",
  num_inference_steps: "步数",
  guidance_scale: "引导强度",
  negative_prompt: "反向提示词",
  "no space left on device": "磁盘已满",
  "read-only file system": "文件系统只读",
  "permission denied": "没有权限",
};
