"""Which element draws which form field, and with which parameters.

Hints and errors carry the ids that Django links by `aria-describedby` (django/forms/boundfield.py), so a widget that
renders itself and a control that an element draws read the same.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.forms.utils import flatatt
from django.forms.widgets import ChoiceWidget
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

Drawn = tuple[str, dict[str, Any]]
CONTROL_CLASSES = {forms.Select: "select", forms.Textarea: "input textarea"}
FIELD_ELEMENTS = frozenset(
    {"field", "widget", "textarea", "select", "checkbox", "fieldset", "radio_cards", "file_drop", "search"}
)
OWN_PARAMETERS = frozenset(
    {"prefix", "suffix", "width", "heading", "label_hidden", "layout", "switch", "max_bytes"}
)


def complete_field(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what every field element needs: an id, its errors as a list, and what describes it."""
    name = values.get("name") or ("q" if "legend" not in values else "")
    id_ = values.get("id") or (f"id_{name}" if name else f"set-{slugify(values['legend'])}")
    error = values.get("error") or []
    errors = [error] if isinstance(error, (str, Promise)) else list(error)
    described = [f"{id_}_helptext"] if values.get("hint") else []
    described += [f"{id_}_error"] if errors else []
    return {**values, "name": name, "id": id_, "errors": errors, "described": " ".join(described)}


def field_parameters(bound: BoundField, overrides: Mapping[str, Any], attributes: Mapping[str, Any]) -> Drawn:
    """The element's name and everything it needs to know about this field."""
    shared = {
        "label": bound.label,
        "name": bound.html_name,
        "id": bound.auto_id or f"id_{bound.html_name}",
        "hint": bound.help_text,
        "error": list(bound.errors),
        "optional": not bound.field.required,
        "attributes": flatatt({key: value for key, value in attributes.items() if value not in (None, "")}),
    }
    shared |= hints_in_widget(bound)
    for kind, draw in DRAWERS:
        if isinstance(bound.field.widget, kind):
            element, own = draw(bound, attributes, overrides)
            return element, shared | own | dict(overrides)
    return "widget", shared | draw_widget(bound, attributes, overrides) | dict(overrides)


def hints_in_widget(bound: BoundField) -> dict[str, Any]:
    """A form may say how its field looks: `attrs={"data-width": "short", "data-prefix": "€"}`."""
    attrs = bound.field.widget.attrs
    return {name: attrs[f"data-{name}"] for name in OWN_PARAMETERS if f"data-{name}" in attrs}


def draw_checkbox(bound: BoundField, attributes: Mapping[str, Any], overrides: Mapping[str, Any]) -> Drawn:
    widget = bound.field.widget
    checked = widget.get_context(bound.html_name, bound.value(), {})["widget"]["attrs"].get("checked", False)
    return "checkbox", {"checked": checked, "disabled": bound.field.disabled, "optional": False}


def draw_choices(bound: BoundField, attributes: Mapping[str, Any], overrides: Mapping[str, Any]) -> Drawn:
    """Radio buttons and groups of check boxes, with a sentence beneath each choice if the field has `choice_hints`."""
    hints: Mapping[str, Any] = getattr(bound.field, "choice_hints", {})
    widget = bound.field.widget
    assert isinstance(widget, ChoiceWidget)
    options = [
        {
            "value": option["value"],
            "label": option["label"],
            "hint": hints.get(str(option["value"]), ""),
            "disabled": option["attrs"].get("disabled", bound.field.disabled),
        }
        for option in widget.options(bound.html_name, widget.format_value(bound.value()), attrs={})
    ]
    return "radio_cards", {
        "legend": bound.label,
        "options": options,
        "value": widget.format_value(bound.value()),
        "multiple": isinstance(widget, forms.CheckboxSelectMultiple),
    }


def draw_file(bound: BoundField, attributes: Mapping[str, Any], overrides: Mapping[str, Any]) -> Drawn:
    attrs = bound.field.widget.attrs
    return "file_drop", {
        "accept": attrs.get("accept", ""),
        "capture": attrs.get("capture", ""),
        "multiple": bool(attrs.get("multiple")),
    }


def draw_widget(
    bound: BoundField, attributes: Mapping[str, Any], overrides: Mapping[str, Any]
) -> dict[str, Any]:
    """Any other widget draws its own control; we give it our class and tie hint and error to it."""
    return {"control": control(bound, attributes, overrides)}


def control(bound: BoundField, attributes: Mapping[str, Any], overrides: Mapping[str, Any]) -> SafeString:
    widget = bound.field.widget
    css = next((name for kind, name in CONTROL_CLASSES.items() if isinstance(widget, kind)), "input")
    if overrides.get("type") == "code":
        css += " input-code"
    id_ = str(overrides.get("id") or bound.auto_id or f"id_{bound.html_name}")
    described = [f"{id_}_helptext"] if overrides.get("hint", bound.help_text) else []
    described += [f"{id_}_error"] if overrides.get("error", bound.errors) else []
    own: dict[str, Any] = {"class": f"{css} {widget.attrs.get('class', '')}".strip(), "id": id_}
    own |= {"aria-describedby": " ".join(described)} if described else {}
    own |= {"aria-invalid": "true"} if bound.errors else {}
    passed_on = (
        "autocomplete",
        "inputmode",
        "maxlength",
        "rows",
        "readonly",
        "disabled",
        "placeholder",
        "required",
    )
    own |= {key: overrides[key] for key in passed_on if overrides.get(key)}
    own.setdefault("placeholder", False)  # a label that disappears while typing is no label
    return mark_safe(bound.as_widget(attrs={**own, **attributes}))  # noqa: S308 (Django's own widget)


Drawer = Callable[[BoundField, Mapping[str, Any], Mapping[str, Any]], Drawn]
DRAWERS: tuple[tuple[type[forms.Widget], Drawer], ...] = (
    (forms.CheckboxInput, draw_checkbox),
    (forms.CheckboxSelectMultiple, draw_choices),
    (forms.RadioSelect, draw_choices),
    (forms.FileInput, draw_file),
)
