/** 服务器关于朗读的话，每句对应的中文。 */

/** As in zh_server.js: by the English line as its source has it, `{name}` for a value. */
export const zhSpeech = {
  // what is asked for
  'the text is empty; say what to read, such as "Good morning."':
    "文本是空的；请写出要朗读的内容，例如“早上好。”",
  ["the text has {characters} characters, and at most {most} are read at once; " +
  "make several of it"]: "文本有 {characters} 个字符，一次最多朗读 {most} 个，请分成几段。",
  ["the {name} has the control character U+{code} at its character {place}, which cannot be " +
  "said; remove it"]: "{name}的第 {place} 个字符是控制字符 U+{code}，无法朗读，请删去。",
  "the {name} {text} names none; leave it out or name one":
    "{name} {text} 不是名称；请不填，或填一个。",
  "speed {speed} must be between {least} and {most}": "语速 {speed} 须在 {least} 到 {most} 之间。",
  "pitch {pitch} must be between {least} and {most} semitones":
    "音高 {pitch} 须在 {least} 到 {most} 个半音之间。",
  "pause {pause} ms must be between 0 and {most}": "停顿 {pause} 毫秒须在 0 到 {most} 之间。",
  "loudness {value} LUFS must be between {least} and {most}; {usual} is usual for speech":
    "响度 {value} LUFS 须在 {least} 到 {most} 之间；朗读通常为 {usual}。",
  "unknown format {format}; {hint}": "没有格式 {format}；{hint}",
  "{count} pronunciations are too many; at most {most}": "{count} 个读音太多，最多 {most} 个。",
  "{word} has {count} pronunciations; leave one": "{word} 有 {count} 个读音，请只留一个。",
  "the {name} of {word}: {said} is empty; write how the word is said":
    "{word}: {said} 的{name}是空的；请写出怎么读。",
  "the {name} {text}… has {count} characters; at most {most}":
    "{name} {text}… 有 {count} 个字符，最多 {most} 个。",
  "nothing in {text} can be said; write words or numbers":
    "{text} 里没有能读的内容；请写文字或数字。",
  ["the text has {characters} characters as it is said, and at most {most} are said at once; " +
  "make several of it, or shorten its pronunciations"]:
    "文本读出来有 {characters} 个字符，一次最多读 {most} 个；请分成几段，或缩短读音。",
  ["the text is silent for {seconds} s in all, and at most {most} are; shorten its pauses"]:
    "文本的停顿共 {seconds} 秒，最多 {most} 秒，请缩短停顿。",
  ["the narration is longer than {minutes} minutes; make several of it, or raise the speed"]:
    "朗读超过 {minutes} 分钟；请分成几段，或提高语速。",
  "this voice does not tell when its words are heard; ask for captions by sentence":
    "这个声音没有逐词的时间；请要逐句的字幕。",
  // SSML
  "line {line} of the SSML: {reason}": "SSML 第 {line} 行：{reason}",
  "the SSML has a DOCTYPE or an entity of its own, which are not read; remove it":
    "SSML 里有 DOCTYPE 或自定义实体，这里不读取，请删去。",
  "the SSML is not whole: {reason}; write & as &amp;, < as &lt;, and end each tag":
    "SSML 不完整：{reason}；请把 & 写作 &amp;，把 < 写作 &lt;，并结束每个标签。",
  "<{tag}> is not spoken here, so remove it; {hint}": "这里不支持 <{tag}>，请删去；{hint}",
  "<{tag}> has no {name} here, so remove it; {hint}":
    "这里的 <{tag}> 没有属性 {name}，请删去；{hint}",
  '<{tag}> needs its {name}; write it as <{again} {attribute}="…">':
    '<{tag}> 需要 {name}；请写作 <{again} {attribute}="…">。',
  "<speak> is around all of it, once; put the rest inside":
    "<speak> 只有一个，包住全文；请把其余的放到里面。",
  "tags are in one another {times} times; at most so often": "标签嵌套了 {times} 层，已到上限。",
  "<{tag}> may hold no <{inner}>; put it outside":
    "<{tag}> 里不能有 <{inner}>，请放到外面。",
  "<break> holds no text; write it as <break/>": "<break> 里没有文字；请写作 <break/>。",
  "{name} {value} cannot be read; write it as {example}, or one of {words}":
    "{name} {value} 无法识别；请写作 {example}，或其中之一：{words}。",
  "volume {volume} dB is too loud; at most {most}": "音量 {volume} dB 太大，最多 {most}。",
  "unknown emphasis {level}; {hint}": "没有强调程度 {level}；{hint}",
  "unknown break {strength}; {hint}": "没有停顿程度 {strength}；{hint}",
  "break time {time} cannot be read; write it as 500ms or 1.5s":
    "停顿时间 {time} 无法识别；请写作 500ms 或 1.5s。",
  "break {time} must be between 0 and {most} ms": "停顿 {time} 须在 0 到 {most} 毫秒之间。",
  "say-as knows no {kind}; {hint}": "say-as 没有 {kind}；{hint}",
  "{text} is not of digits alone; say it as characters instead":
    "{text} 不全是数字；请改用 characters。",
  "{count} characters to spell are too many; at most 100": "要逐个读的 {count} 个字符太多，最多 100 个。",
  "{sign} of {text} has no name in the language {language}; write it in words":
    "{text} 里的 {sign} 在语言 {language} 里没有名称，请写成文字。",
  'the date {text} may mean several; add format="dmy" or "mdy"':
    '日期 {text} 有多种读法；请加上 format="dmy" 或 "mdy"。',
  "unknown format {format} of a date; {hint}": "没有日期格式 {format}；{hint}",
  "{text} is no date of the form {form}; write it as 2026-11-27, or in words":
    "{text} 不是 {form} 形式的日期；请写作 2026-11-27，或写成文字。",
  "dates are written out in en and zh, not in {language}; write {text} in words":
    "日期只在 en 和 zh 里读出，{language} 不行；请把 {text} 写成文字。",
  // voices
  "unknown language {language}; {hint}": "没有语言 {language}；{hint}",
  "unknown voice {voice} of espeak; {hint}": "espeak 没有声音 {voice}；{hint}",
  "unknown voice {voice} of {model}; {hint}": "{model} 没有声音 {voice}；{hint}",
  "{model} speaks {language}, not {other}; choose another voice":
    "{model} 说的是 {language}，不是 {other}；请换一个声音。",
  "{model} cannot say {text}; write it in words": "{model} 读不出 {text}，请写成文字。",
  ["{model} has no letter {letter}, as in {word}; write that in words of its language, " +
  "or choose another voice"]:
    "{model} 没有字母 {letter}（见 {word}）；请用它的语言写成文字，或换一个声音。",
  "{voice} says nothing of {text}; name the language that it is in":
    "{voice} 读不出 {text}；请说明它是什么语言。",
  "models of the kind {kind} do not speak; vits and bark do":
    "{kind} 类的模型不能朗读；vits 和 bark 可以。",
  "espeak-ng died twice at {text}; leave that out, or choose another voice":
    "espeak-ng 读到 {text} 时两次退出；请去掉它，或换一个声音。",
  "espeak-ng took over {seconds} s for {text}; leave that out, or choose another voice":
    "espeak-ng 读 {text} 超过了 {seconds} 秒；请去掉它，或换一个声音。",
  "{reason}, at {text}; choose another voice": "{reason}（{text}）；请换一个声音。",
  "there is no voice {path}; name a file NAME.onnx, or the folder of a model":
    "没有声音 {path}；请指定 NAME.onnx 文件或模型的文件夹。",
  "{path} does not describe a voice: {reason}; get it again":
    "{path} 描述的不是声音：{reason}；请重新获取。",
  "the name of {path} is not valid UTF-8; rename it": "{path} 的名称不是有效的 UTF-8，请改名。",
  "{path} does not describe a voice; get it again": "{path} 描述的不是声音，请重新获取。",
  "there is no voice {path}; name a file NAME.onnx": "没有声音 {path}；请指定 NAME.onnx 文件。",
  "{path} does not describe a Piper voice: {reason}; get it again":
    "{path} 不是 Piper 声音的说明：{reason}；请重新获取。",
  "{path} has phonemes of the kind {kind}; espeak and text are supported":
    "{path} 的音素属于 {kind} 类；这里支持 espeak 和 text。",
  "{path} has no id for {phoneme}; get it again": "{path} 里没有 {phoneme} 的编号，请重新获取。",
  "{path} is no whole ONNX model: {reason}; get it again":
    "{path} 不是完整的 ONNX 模型：{reason}；请重新获取。",
  "{model} failed at {text}: {reason}; get it again, or choose another voice":
    "{model} 读 {text} 时失败：{reason}；请重新获取，或换一个声音。",
  "{path} takes {inputs}; no voice of Piper does": "{path} 的输入是 {inputs}，不是 Piper 的声音。",
  "{folder} does not describe a Kokoro voice: {reason}; get it again":
    "{folder} 不是 Kokoro 声音的说明：{reason}；请重新获取。",
  "{path} takes {inputs}; no voice of Kokoro does": "{path} 的输入是 {inputs}，不是 Kokoro 的声音。",
  // other servers
  "{server} {what}; see that its address is that of a voice":
    "{server} {what}；请检查这个地址是否是朗读服务。",
  "{count} voices are too many; at most {most}": "{count} 个声音太多，最多 {most} 个。",
  "{voice} cannot be a voice of {model}; give each once, as its server does":
    "{voice} 不能作 {model} 的声音名；请按服务器的写法，每个只填一次。",
};

/** Likewise the parts of lines, and the names of values. */
export const zhSpeechParts = {
  text: "文本",
  speech: "语音",
  voice: "声音",
  language: "语言",
  word: "词语",
  pronunciation: "读音",
  rate: "语速",
  pitch: "音高",
  volume: "音量",
  "answered {text} with {what}": "对 {text} 的回答是{what}",
  "answered {text} with silence": "对 {text} 的回答没有声音",
  "answered with over {size} MiB": "的回答超过 {size} MiB",
  "no sound, which begins with {start}": "声音以外的内容，开头是 {start}",
  "a {kind} file that is not whole": "不完整的 {kind} 文件",
  "a sound without samples": "没有采样的声音",
  "a sound with samples that are no numbers": "采样不是数字的声音",
  "a sound of over {seconds} s": "超过 {seconds} 秒的声音",
  "a sound of {rate} samples a second": "每秒 {rate} 个采样的声音",
};
