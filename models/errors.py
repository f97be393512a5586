"""Errors for people: a stable code, what is wrong, and what to do, in Chinese and English."""

from __future__ import annotations

from string import Formatter
from typing import ClassVar, NamedTuple


class Text(NamedTuple):
    """One text in the two languages of the house."""

    zh: str
    en: str

    def get(self, lang: str) -> str:
        """Return the text in ``lang`` (``"zh"`` or ``"en"``)."""
        return self.en if lang == "en" else self.zh


NOTHING = Text("", "")


class YuetanError(Exception):
    """
    A refusal that a user can act on.

    Subclasses set ``code`` (part of the API, never changed), the message and
    the way out as templates; keyword arguments fill the templates and stay
    readable in ``params``. ``field`` names the input that is wrong.
    """

    code: ClassVar[str] = "yuetan.error"
    message: ClassVar[Text] = Text("出错了。", "Something is wrong.")
    hint: ClassVar[Text] = NOTHING

    def __init__(self, *, field: str | None = None, **params: object) -> None:
        self.field = field
        self.params = params
        super().__init__(self.text("en"))

    def text(self, lang: str) -> str:
        """Return what is wrong, in ``lang``."""
        return self.message.get(lang).format(**self.params)

    def mend(self, lang: str) -> str:
        """Return what to do about it, in ``lang``."""
        return self.hint.get(lang).format(**self.params)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.field, self.params))


def _rebuild(kind: type[YuetanError], field: str | None, params: dict[str, object]) -> YuetanError:
    return kind(field=field, **params)


def placeholders(template: str) -> set[str]:
    """Return the names that ``template`` asks for; used to keep the two languages in step."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


class BadData(YuetanError):
    code = "data.invalid"
    message = Text("数据文件 {path} 有误：{what}", "Data file {path} is not valid: {what}")
    hint = Text("请更正该文件；程序不会用有误的数据计算。", "Correct the file; nothing is computed from invalid data.")


class UnknownParameter(YuetanError):
    code = "law.unknown_key"
    message = Text("法规数据中没有参数“{key}”。", "There is no parameter '{key}' in the law data.")
    hint = Text("用 yuetan law list 查看全部参数。", "List all parameters with: yuetan law list")


class NotInForce(YuetanError):
    code = "law.not_in_force"
    message = Text(
        "参数“{key}”在 {day} 没有取值（取值始于 {first}，止于 {last}）。",
        "Parameter '{key}' has no value on {day} (values run from {first} to {last}).",
    )
    hint = Text(
        "请换一个日期；如需预测，请选择一个情景。",
        "Choose another date; for a forecast choose a scenario.",
    )


class NotPublished(YuetanError):
    code = "law.not_published"
    message = Text(
        "“{key}”尚未公布，或我们的来源中没有（{day}）。", "'{key}' is not published, or not in our sources ({day})."
    )
    hint = Text("{mend_zh}", "{mend_en}")


class MissingInput(YuetanError):
    code = "input.missing"
    message = Text(
        "缺少“{name_zh}”，无法计算{what_zh}。", "'{name_en}' is missing; {what_en} cannot be computed without it."
    )
    hint = Text("请填写“{name_zh}”。", "Enter '{name_en}'.")


class OutOfRange(YuetanError):
    code = "input.out_of_range"
    message = Text("“{name_zh}”不合理：{why_zh}。", "'{name_en}' is not plausible: {why_en}.")
    hint = Text("请检查数值和单位。", "Check the value and its unit.")
