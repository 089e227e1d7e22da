/** 关于代码和沙箱，服务器用英文说的话，每句对应的中文。 */
export const zhCode = {
  "the tests are no Python: line {line}: {reason}": "测试不是有效的 Python：第 {line} 行：{reason}",
  "the tests are no Python: {reason}": "测试不是有效的 Python：{reason}",
  "the tests have {n} characters, and at most {most} are read; shorten them":
    "测试有 {n} 个字符，最多读 {most} 个，请缩短。",
  "at most {most} texts and words can be named for a test": "一次测试最多可列出 {most} 项文字或参数。",
  "an empty text is in everything; leave it out of the tests": "空文字到处都有，请从测试中去掉。",
  "unknown kind of code {kind}; {hint}": "没有 {kind} 这种代码；{hint}",
  'the prompt is empty; say what to make, such as "a clock"':
    "提示词是空的；请说说要做什么，例如“一个时钟”。",
  "the data have {n} characters, and at most {most} are read; leave some out":
    "数据有 {n} 个字符，最多读 {most} 个，请删去一些。",
  "a chart needs data; give them as CSV or JSON": "图表需要数据；请给出 CSV 或 JSON。",
  "a {kind} takes no data; only a chart does": "{kind} 不需要数据，只有图表需要。",
  "attempts {value} must be between 1 and {most}": "尝试次数 {value} 须在 1 到 {most} 之间。",
  "seed {seed} must be between 0 and 2^63 - 9": "种子 {seed} 须在 0 到 2^63 − 9 之间。",
  "{text} is not valid UTF-8 text; type it anew": "{text} 里有无法识别的字符，请重新输入。",
  "the test {text} is not valid UTF-8 text; type it anew":
    "测试里有无法识别的字符（{text}），请重新输入。",
  "{text} has {n} characters, and a test may name at most {most}; shorten it":
    "{text} 有 {n} 个字符，测试中每项最多 {most} 个，请缩短。",
  "a {kind} cannot be tested by {test}; give {can}": "{kind} 不能用 {test} 测试；可用 {can}。",
  ["no code passed within {n} attempts ({why}); say more exactly what is wanted, allow more " +
  "attempts or choose another model"]:
    "{n} 次尝试都没有通过（{why}）；请把要求说得更具体，多给几次机会，或换一个模型。",
  "{model} draws scenes and lays out small pages, and cannot write a {kind}; choose {others}":
    "{model} 只会画场景和排小网页，写不了 {kind}；请改用 {others}。",
  "{model} finds nothing that it can draw in {prompt}; name one of {names}":
    "{model} 在 {prompt} 里找不到会画的东西；请提到其中之一：{names}。",
  "{model} has room for at most {most} figures; ask for fewer":
    "{model} 的画面里最多放 {most} 个，请少要几个。",
  "no model named {model} writes code; {hint}": "没有名为 {model} 的模型能写代码；{hint}",
  // the sandbox
  "code cannot be run safely here: {reason}": "这里无法安全地运行代码：{reason}",
  ["bubblewrap does not start ({reason}); are user namespaces allowed here? docs/sandbox.md " +
  "says how to see"]:
    "bubblewrap 无法启动（{reason}）；这里允许用户命名空间吗？docs/sandbox.md 说明了如何查看。",
  "bubblewrap is not installed; {remedy}": "没有安装 bubblewrap；{remedy}",
  "{program} could be changed by what it runs, for it is not root's; {remedy}":
    "{program} 不属于 root，可能被它运行的代码改动；{remedy}",
  "{program} is older than 0.8; {remedy}": "{program} 早于 0.8 版；{remedy}",
  "Linux {version} counts no processes by namespace; 5.14 or newer does":
    "Linux {version} 不按命名空间统计进程，5.14 及更新的才会。",
  "{program} does not start ({reason}); {remedy}": "{program} 无法启动（{reason}）；{remedy}",
  "the sandbox did not end within {seconds} s of its kill": "沙箱被终止后 {seconds} 秒仍未结束。",
  "bubblewrap cannot be started ({reason}); {remedy}": "无法启动 bubblewrap（{reason}）；{remedy}",
  "these walls of the sandbox do not stand: {walls}": "沙箱的这些隔离没有生效：{walls}",
  "the sandbox says what no program in it said ({line})": "沙箱的输出不是其中程序所说的（{line}）。",
  ["code is run on Linux alone, and this is {system}; run the worker in a container or a virtual " +
  "machine of Linux"]:
    "代码只能在 Linux 上运行，而这里是 {system}；请在 Linux 容器或虚拟机中运行 worker。",
  "no Python runs in the sandbox ({reason})": "沙箱里无法运行 Python（{reason}）。",
  "no Python can be put into the sandbox ({reason}); run: apt install python3":
    "没有能放进沙箱的 Python（{reason}）；请用 apt 安装 python3。",
  "the command {command} must begin with {program}: nothing else is in the sandbox":
    "命令 {command} 须以 {program} 开头：沙箱里没有别的程序。",
  "a word of the command holds a zero byte; leave it out": "命令里有零字节，请去掉。",
  "{name} is both a file and a folder; rename one": "{name} 既是文件又是文件夹，请改名。",
  "{n} files and folders are more than the {most} let in":
    "文件和文件夹共 {n} 个，最多允许 {most} 个。",
  "the files need {size} bytes, more than the {most} that the run may have":
    "文件需要 {size} 字节，超过了允许的 {most} 字节。",
  ['the file name {name} must be a relative path of printable characters, without "..", such as ' +
  '"data/points.csv"']:
    "文件名 {name} 须为由可见字符组成、不含“..”的相对路径，例如“data/points.csv”。",
  "{name} {value} must be between {least} and {most}":
    "{name} {value} 须在 {least} 到 {most} 之间。",
  "libseccomp is missing ({reason}); run: apt install libseccomp2":
    "缺少 libseccomp（{reason}）；请用 apt 安装 libseccomp2。",
  "{file} is not the Python that was released; {remedy}": "{file} 不是发布的 Python；{remedy}",
  "{name} is not installed; {remedy}": "没有安装 {name}；{remedy}",
  "others may write to {folder}, where code is kept; run: chmod 700 {folder}":
    "别人可以写入存放代码的 {folder}；请执行 chmod 700 {folder}",
  "{folder} cannot keep compiled code: {reason}": "{folder} 无法存放编译后的代码：{reason}",
  "wasmtime does not compile {file} ({reason}); {remedy}":
    "wasmtime 无法编译 {file}（{reason}）；{remedy}",
  "wasmtime does not compile {file} ({reason}); free some of the processor":
    "wasmtime 无法编译 {file}（{reason}）；请腾出一些处理器。",
  "wasmtime does not start ({reason}); remove {file}, or {remedy}":
    "wasmtime 无法启动（{reason}）；请删除 {file}，或{remedy}",
  "{folder} cannot hold the files: {reason}": "{folder} 放不下这些文件：{reason}",
};

/** 句中的部分。 */
export const zhCodeParts = {
  "run: apt install bubblewrap": "请用 apt 安装 bubblewrap。",
  "a larger language model, by its folder or from a server": "更大的语言模型（文件夹或服务器上的）",
};
