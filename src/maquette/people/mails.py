"""The mails that people get: short, in plain text, in their language."""

from dataclasses import dataclass
from typing import Literal

MailKind = Literal["verify", "known", "reset", "invitation", "unpaid", "second_factor_removed"]

# By kind and language: what it is about, and what it says; `link` and `who` are filled in.
TEXTS: dict[MailKind, dict[str, tuple[str, str]]] = {
    "verify": {
        "en": (
            "Is this your address?",
            "Welcome to Maquette. Open this link to show that the address is yours:\n\n{link}\n\n"
            "It works once, for two days. If you did not sign up, do nothing.",
        ),
        "zh": (
            "请确认您的邮箱",
            "欢迎使用 Maquette。请打开以下链接，确认这是您的邮箱：\n\n{link}\n\n"
            "链接只能使用一次，两天内有效。如果您没有注册，请不要理会。",
        ),
    },
    "known": {
        "en": (
            "You have an account already",
            "Someone, perhaps you, signed up at Maquette with this address. You have an account "
            "already. To sign in, or to choose another password, go to:\n\n{link}\n\n"
            "If it was not you, do nothing.",
        ),
        "zh": (
            "您已有账户",
            "有人（也许是您）用这个邮箱在 Maquette 注册，而您已有账户。"
            "要登录或重设密码，请打开：\n\n{link}\n\n如果不是您本人，请不要理会。",
        ),
    },
    "reset": {
        "en": (
            "Choose another password",
            "Open this link to choose another password for Maquette:\n\n{link}\n\n"
            "It works once, for an hour. If you did not ask for it, do nothing.",
        ),
        "zh": (
            "重设密码",
            "请打开以下链接，重设您的 Maquette 密码：\n\n{link}\n\n"
            "链接只能使用一次，一小时内有效。如果您没有要求重设，请不要理会。",
        ),
    },
    "invitation": {
        "en": (
            "Join a team at Maquette",
            "{who} asks you to join and to share the team's credits. Open this link:\n\n{link}\n\n"
            "It works once, for seven days. If you do not want to, do nothing.",
        ),
        "zh": (
            "邀请您加入 Maquette 团队",
            "{who} 邀请您加入，共用团队的点数。请打开以下链接：\n\n{link}\n\n"
            "链接只能使用一次，七天内有效。如果不想加入，请不要理会。",
        ),
    },
    "unpaid": {
        "en": (
            "Your plan could not be paid",
            "The payment for your plan ({who}) at Maquette did not go through. To change the card, "
            "or to pay, go to:\n\n{link}\n\n"
            "It will be tried again for some days. If it stays unpaid, the plan ends.",
        ),
        "zh": (
            "套餐付款未成功",
            "您在 Maquette 的套餐（{who}）付款未成功。要更换银行卡或付款，请打开：\n\n{link}\n\n"
            "几天内会再次尝试扣款。如果一直未付，套餐将结束。",
        ),
    },
    "second_factor_removed": {
        "en": (
            "Your second factor was removed",
            "Who runs this studio removed the second factor of your account at Maquette. Your "
            "password is enough to sign in now. If you did not ask for it, choose another "
            "password and write to them.",
        ),
        "zh": (
            "您的两步验证已被移除",
            "本工作室的管理者移除了您 Maquette 账户的两步验证，现在只需密码即可登录。"
            "如果不是您要求的，请更改密码并联系他们。",
        ),
    },
}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, ready to be sent."""

    to: str
    subject: str
    text: str


def write_mail(kind: MailKind, language: str, to: str, link: str = "", who: str = "") -> Mail:
    """A mail in a language, English where it is another."""
    texts = TEXTS[kind]
    subject, text = texts.get(language, texts["en"])
    return Mail(to, subject, text.format(link=link, who=who) + "\n")
