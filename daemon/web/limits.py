"""How much is taken of a request, and who may show suivi in a frame."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`body` is the most bytes that are taken of one, but where an operation takes more;
    `ancestors` are the sites (CSP source expressions) that may frame pages, beside suivi itself."""

    body: int = 1024 * 1024
    ancestors: tuple[str, ...] = ()


USUAL = Limits()
