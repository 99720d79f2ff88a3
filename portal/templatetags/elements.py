"""Elements and slots: the words pages are written in.

`{% element "card" title=_("Checks") %}` renders `templates/elements/card.html`; a few that a page has by the hundred are drawn
by a function instead (`portal.templatetags.drawn`). An element sees its
own parameters, the request and the CSRF token, and nothing else of the page, so that it looks the same everywhere.
The idea is django-allauth's (allauth/templatetags/allauth.py); ours adds closed elements, isolation, and HTML
attributes by hyphen. The catalogue is `templates/elements/README.md`.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.core.exceptions import ImproperlyConfigured
from django.forms import BaseForm, BoundField, CheckboxSelectMultiple, RadioSelect
from django.forms.utils import flatatt
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.templatetags.static import static
from django.utils.html import format_html, urlize
from django.utils.safestring import SafeString, mark_safe

from portal.templatetags.drawn import DRAWN, EXPONENTS, NOTHING, write_money
from portal.templatetags.form_parts import FIELD_ELEMENTS, complete_field, field_parameters
from portal.templatetags.statuses import CHECKLIST, MESSAGE_TONES, STEPS, Status

register = template.Library()
# An international number, with the spaces and marks people write into it.
_TELEPHONE = re.compile(r"(\+\d[\d ()/-]{5,}\d)")

SLOTS = "_element_slots"
PASSED_ON = ("request", "csrf_token", "LANGUAGE_CODE", "LANGUAGE_BIDI")
PARAMETER = re.compile(r"^(?P<name>[a-zA-Z][\w:-]*)=(?P<value>.+)$", re.DOTALL)
Parameters = dict[str, FilterExpression]


def parse_parameters(bits: Iterable[str], parser: Parser) -> Parameters:
    """Read `name=value` bits; anything else is a mistake in the page and raises."""
    parameters: Parameters = {}
    for bit in bits:
        match = PARAMETER.match(bit)
        if match is None:
            raise template.TemplateSyntaxError(f"an element takes name=value, not {bit!r}")
        parameters[match["name"]] = parser.compile_filter(match["value"])
    return parameters


class SlotNode(template.Node):
    """Collects its body for the element around it."""

    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        slots = context.get(SLOTS)
        if slots is None:
            raise template.TemplateSyntaxError(f"slot {self.name!r} stands outside an element")
        with context.push():
            slots.setdefault(self.name, []).append(self.nodelist.render(context))
        return mark_safe("")


class ElementNode(template.Node):
    """Renders `elements/<name>.html` with its parameters, slots and body."""

    def __init__(self, name: FilterExpression, parameters: Parameters, nodelist: NodeList | None) -> None:
        self.name = name
        self.variables = {key: value for key, value in parameters.items() if "-" not in key}
        self.attributes = {key: value for key, value in parameters.items() if "-" in key}
        if nodelist is not None:
            self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        name = str(self.name.resolve(context))
        values = self.split_parameters(context) | self.fill_slots(context)
        if name in DRAWN:
            return DRAWN[name](values)
        passed_on = {key: context[key] for key in PASSED_ON if key in context}
        return render_element(context, name, passed_on | values)

    def split_parameters(self, context: Context) -> dict[str, Any]:
        """A name with a hyphen is an HTML attribute, any other is a variable of the element."""
        plain = {key: expression.resolve(context) for key, expression in self.variables.items()}
        resolved = {key: expression.resolve(context) for key, expression in self.attributes.items()}
        return plain | {"attributes": html_attributes(resolved) if resolved else NOTHING}

    def fill_slots(self, context: Context) -> dict[str, Any]:
        nodelist = getattr(self, "nodelist", None)
        if nodelist is None:
            return {"slots": {}, "content": ""}
        slots: dict[str, list[str]] = {}
        with context.push(**{SLOTS: slots}):
            body = nodelist.render(context).strip()
        filled = {name: mark_safe("".join(parts).strip()) for name, parts in slots.items()}  # noqa: S308 (rendered by nodes)
        return {"slots": filled, "content": mark_safe(body)}  # noqa: S308 (rendered by nodes)


def render_element(context: Context, name: str, values: Mapping[str, Any]) -> SafeString:
    """Render an element's template in a context of its own."""
    if context.template is None:
        raise ImproperlyConfigured("elements render inside a template")
    found = context.template.engine.get_template(f"elements/{name}.html")
    complete = complete_field(values) if name in FIELD_ELEMENTS else dict(values)
    return found.render(context.new(complete))


def html_attributes(values: Mapping[str, Any]) -> SafeString:
    """Escaped attributes; empty ones are left out, `True` is written bare."""
    return flatatt({key: value for key, value in values.items() if value is not None and value != ""})


@register.tag("element")
def do_element(parser: Parser, token: Token) -> ElementNode:
    bits = token.split_contents()[1:]
    closed = bool(bits) and bits[-1] == "/"
    if closed:
        bits.pop()
    if not bits:
        raise template.TemplateSyntaxError('usage: {% element "name" parameter=value / %}')
    name = parser.compile_filter(bits[0])
    parameters = parse_parameters(bits[1:], parser)
    if closed:
        return ElementNode(name, parameters, None)
    nodelist = parser.parse(("endelement",))
    parser.delete_first_token()
    return ElementNode(name, parameters, nodelist)


@register.tag("slot")
def do_slot(parser: Parser, token: Token) -> SlotNode:
    bits = token.split_contents()
    if len(bits) != 2:
        raise template.TemplateSyntaxError('usage: {% slot "name" %}')
    nodelist = parser.parse(("endslot",))
    parser.delete_first_token()
    return SlotNode(bits[1].strip("\"'"), nodelist)


class FormFieldNode(template.Node):
    """One bound field of a Django form, drawn by our own field elements."""

    def __init__(self, field: FilterExpression, parameters: Parameters) -> None:
        self.field = field
        self.parameters = parameters

    def render(self, context: Context) -> SafeString:
        bound = self.field.resolve(context)
        overrides = {key: expression.resolve(context) for key, expression in self.parameters.items()}
        return render_field(context, bound, overrides)


def render_field(context: Context, bound: BoundField, overrides: Mapping[str, Any]) -> SafeString:
    if bound.is_hidden:
        return mark_safe(str(bound))  # noqa: S308 (Django's own widget)
    attributes = {key: value for key, value in overrides.items() if "-" in key}
    plain = {key: value for key, value in overrides.items() if "-" not in key}
    element, values = field_parameters(bound, plain, attributes)
    passed_on = {key: context[key] for key in PASSED_ON if key in context}
    return render_element(
        context, element, passed_on | {"slots": {}, "content": "", "attributes": ""} | values
    )


@register.tag("form_field")
def do_form_field(parser: Parser, token: Token) -> FormFieldNode:
    bits = token.split_contents()
    if len(bits) < 2:
        raise template.TemplateSyntaxError("usage: {% form_field form.name parameter=value %}")
    return FormFieldNode(parser.compile_filter(bits[1]), parse_parameters(bits[2:], parser))


@register.simple_tag(takes_context=True)
def form_fields(context: Context, form: BaseForm, only: str = "") -> SafeString:
    """Every field of a form; with `only`, these fields in this order."""
    if only:
        names = [name.strip() for name in only.split(",")]
        return mark_safe("".join(render_field(context, form[name], {}) for name in names))  # noqa: S308
    fields = [*form.hidden_fields(), *form.visible_fields()]
    return mark_safe("".join(render_field(context, field, {}) for field in fields))  # noqa: S308


@register.simple_tag(takes_context=True)
def error_summary(context: Context, form: BaseForm) -> SafeString:
    """The error summary as a tag, for templates whose own `element` tag is django-allauth's."""
    return render_element(
        context, "error_summary", {"form": form, "slots": {}, "content": "", "attributes": ""}
    )


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """An icon of our sprite; without `label` it is decoration and stays silent."""
    silent = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    classes = f"icon icon-{size}" if size else "icon"
    return format_html(
        '<svg class="{}" {} focusable="false"><use href="{}#{}"></use></svg>',
        classes,
        silent,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def sprite() -> str:
    """The address of the icon sprite, for the shapes that elements draw themselves."""
    return static("img/icons.svg")


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """The present query string with changes; `None` takes a parameter away."""
    request = context.get("request")
    if request is None:
        return "?"
    values = request.GET.copy()
    for key, value in changes.items():
        if value is None or value == "":
            values.pop(key, None)
        else:
            values[key] = str(value)
    return f"?{values.urlencode()}"


@register.filter
def initials(name: str) -> str:
    """First letters of the first and the last word."""
    words = [word for word in str(name).split() if word[0].isalnum()]
    chosen = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in chosen).upper()


@register.filter
def money(minor: int, currency: str = "EUR") -> str:
    """An amount in the currency's smallest unit, in the reader's number format."""
    places = EXPONENTS.get(currency.upper(), 2)
    return write_money(Decimal(minor).scaleb(-places), currency, places=places)


@register.simple_tag
def share(value: float, maximum: float = 100) -> str:
    """`value` of `maximum` as a percentage between 0 and 100, written for an SVG attribute."""
    if not maximum:
        return "0"
    return f"{min(100.0, max(0.0, 100.0 * float(value) / float(maximum))):.2f}"


@register.filter
def as_list(value: object) -> list[object]:
    """One or many, as many: an error may be a sentence or a list of sentences."""
    if not value:
        return []
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [value]
    return list(value)


@register.filter
def pair(option: Mapping[str, object] | tuple[object, object]) -> Mapping[str, object]:
    """A choice written as `(value, label)` or as a mapping, always as a mapping."""
    if isinstance(option, Mapping):
        return option
    return dict(zip(("value", "label"), option, strict=True))


@register.filter
def same_text(left: object, right: object) -> bool:
    """Whether two values are written the same: an address says "3", a view says 3."""
    return left is not None and right is not None and str(left) == str(right)


@register.filter
def among(value: object, chosen: object) -> bool:
    """Whether a choice is one of the chosen, however each is written."""
    if isinstance(chosen, (list, tuple, set, frozenset)):
        return any(same_text(value, one) for one in chosen)
    return same_text(value, chosen)


@register.simple_tag(takes_context=True)
def sort_state(context: Context, key: str, parameter: str = "sort", usual: str = "") -> dict[str, str]:
    """What a sortable heading shows and where its link leads. `usual`: the list's own order, when none is asked for."""
    request = context.get("request")
    present = request.GET.get(parameter, "") if request is not None else ""
    if not present and usual:
        present = f"-{key}" if usual == "descending" else key
    state = {key: "ascending", f"-{key}": "descending"}.get(present, "none")
    following = f"-{key}" if present == key else key
    return {"state": state, "url": query(context, **{parameter: following, "cursor": None})}


@register.filter
def checklist_status(status: str) -> Status:
    """The word and tone of a task's status."""
    return CHECKLIST[status]


@register.filter
def step_status(state: str) -> Status:
    """The word and tone of a step's state; a step that says nothing has not begun."""
    return STEPS[state or "waiting"]


@register.filter
def message_tone(level: str) -> str:
    """Django's message level as one of our tones."""
    return MESSAGE_TONES.get(level, "info")


@register.filter
def times(count: int) -> range:
    """`3|times` to loop three times."""
    return range(int(count))


@register.filter
def dialable(number: str) -> str:
    """A telephone number as a `tel:` address wants it (RFC 3966: digits and a leading plus)."""
    return re.sub(r"[^\d+]", "", str(number))


@register.filter
def contact(text: str) -> SafeString:
    """Free words that hold telephone numbers and addresses: each can be pressed, for whoever reads them on a phone."""
    pieces = _TELEPHONE.split(str(text))
    return mark_safe(  # noqa: S308  every piece is escaped
        "".join(
            format_html('<a class="nowrap" href="tel:{}">{}</a>', dialable(piece), piece)
            if _TELEPHONE.fullmatch(piece)
            else urlize(piece, autoescape=True)
            for piece in pieces
        )
    )


@register.filter
def error_target(bound: BoundField) -> str:
    """Where the error summary leads: the control, or the first choice of a set."""
    own = bound.auto_id or f"id_{bound.html_name}"
    return f"{own}_0" if isinstance(bound.field.widget, (RadioSelect, CheckboxSelectMultiple)) else own
