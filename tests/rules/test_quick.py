"""Values that are made quickly are frozen values as any others."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from rules.model.people import Address
from rules.model.quick import changed, quick
from rules.model.sightings import Message


@quick
@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 2
    names: list[str] = field(default_factory=list)


def test_it_is_made_as_it_is_declared():
    assert [f.name for f in fields(Point)] == ["x", "y", "names"]
    assert repr(Point(1)).endswith("Point(x=1, y=2, names=[])")
    assert Point(y=5, x=1) == Point(1, 5)
    assert type(Point(1)) is Point
    assert Point(1).names is not Point(1).names


@pytest.mark.parametrize("wrong", [(), (1, 2, [], 3)])
def test_what_it_does_not_take_is_refused(wrong):
    with pytest.raises(TypeError, match=r"Point.__init__\(\)"):
        Point(*wrong)
    with pytest.raises(TypeError, match="unexpected keyword"):
        Point(1, z=3)


def test_it_stays_as_it_was_made():
    point = Point(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 3
    with pytest.raises(FrozenInstanceError):
        del point.x
    with pytest.raises((AttributeError, TypeError)):
        object.__setattr__(point, "z", 3)
    assert point == Point(1)


def test_it_is_compared_hashed_copied_and_pickled_as_before():
    address = Address("a@b.example", "A")
    assert hash(address) == hash(Address("a@b.example", "A"))
    message = Message("m", from_=(address,), headers={"x": "y"})
    for again in (copy.copy(message), copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
        assert again == message and type(again) is Message


def test_changed_is_replace():
    point = Point(1, 5, ["a"])
    for make in (changed, replace):
        other = make(point, y=6)
        assert other == Point(1, 6, ["a"])
        assert other is not point and other.names is point.names and type(other) is Point
        with pytest.raises((AttributeError, TypeError)):
            make(point, z=6)
    assert point == Point(1, 5, ["a"])


def test_only_what_is_plain_can_be_quick():
    @dataclass(frozen=True, slots=True)
    class Base:
        x: int

    @dataclass(frozen=True, slots=True)
    class Below(Base):
        y: int

    @dataclass(frozen=True, slots=True)
    class Does:
        x: int

        def __post_init__(self):
            raise AssertionError

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Named:
        x: int

    for cls in (Below, Does, Named):
        with pytest.raises(TypeError, match=cls.__name__):
            quick(cls)
