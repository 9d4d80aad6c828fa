"""Access: rights, entities, levels, and the confidential comment."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import access
from rules.access import Action, ExchangeFacts, FollowUpFacts, PartyFacts, may
from rules.model.exchanges import ConfidentialComment, Direction, Exchange, ExchangeId, Source
from rules.model.people import EntityId, Group, GroupId, Level, Right, User, UserId
from tests.rules.house import ACME, NOW, SYLVIE, follow_up

HERE, THERE = EntityId(1), EntityId(2)
SALES = GroupId(1)
GROUPS = {SALES: Group(SALES, "Commerciaux", frozenset({Right.SEE_EXCHANGES}))}

AUTHOR, COLLABORATOR, OWNER, OTHER = (UserId(n) for n in range(1, 5))


def user(id_=OTHER, *rights, entities=(HERE,), groups=(), active=True):
    return User(
        id_,
        "x",
        "x@maison.fr",
        rights=frozenset(rights),
        entities=frozenset(entities),
        groups=frozenset(groups),
        active=active,
    )


FACTS = ExchangeFacts(
    HERE, Level.EVERYTHING, frozenset({AUTHOR, COLLABORATOR, OWNER}), frozenset({AUTHOR})
)
PARTY = PartyFacts(HERE)
SEES, SEES_ALL = Right.SEE_EXCHANGES, Right.SEE_ALL_EXCHANGES


def sees(who, facts=FACTS):
    return may(who, GROUPS, Action.SEE_EXCHANGE, facts)


def test_who_took_part_sees_it_others_need_the_right_to_see_all():
    assert sees(user(AUTHOR, SEES))
    assert sees(user(COLLABORATOR, SEES))
    assert sees(user(OWNER, SEES))
    assert not sees(user(OTHER, SEES))
    assert sees(user(OTHER, SEES, SEES_ALL))
    assert not sees(user(AUTHOR))
    assert not sees(user(OTHER, SEES_ALL))


def test_a_group_gives_its_rights():
    assert sees(user(AUTHOR, groups=[SALES]))
    assert not sees(user(AUTHOR, groups=[GroupId(9)]))


def test_another_entity_needs_its_own_right_and_a_shared_one_none():
    assert not sees(user(OTHER, SEES, SEES_ALL, entities=[THERE]))
    assert sees(user(OTHER, SEES, SEES_ALL, Right.SEE_ALL_ENTITIES, entities=[THERE]))
    assert sees(user(OTHER, SEES, SEES_ALL, entities=[]), replace(FACTS, entity=None))


def test_who_left_may_nothing():
    assert not any(
        may(user(AUTHOR, *Right, active=False), GROUPS, action, facts)
        for action in Action
        for facts in (None, FACTS, access.facts_of(follow_up()))
    )


def test_one_edits_ones_own_or_with_the_right_any():
    def edits(who, facts=FACTS):
        return may(who, GROUPS, Action.EDIT_EXCHANGE, facts)

    assert edits(user(AUTHOR, SEES))
    assert not edits(user(COLLABORATOR, SEES))
    assert edits(user(COLLABORATOR, SEES, Right.EDIT_ANY_EXCHANGE))
    assert not edits(user(OTHER, SEES, Right.EDIT_ANY_EXCHANGE))
    hidden = replace(FACTS, level=Level.SUBJECT)
    assert not edits(user(OTHER, SEES, SEES_ALL, Right.EDIT_ANY_EXCHANGE), hidden)


def test_deleting_needs_the_right_and_the_sight():
    def deletes(who):
        return may(who, GROUPS, Action.DELETE_EXCHANGE, FACTS)

    assert deletes(user(AUTHOR, SEES, Right.DELETE_EXCHANGES))
    assert not deletes(user(AUTHOR, SEES))
    assert not deletes(user(OTHER, SEES, Right.DELETE_EXCHANGES))


def test_the_confidential_comment():
    facts = replace(FACTS, comment_author=AUTHOR, comment_groups=frozenset({SALES}))

    def reads(who, facts=facts):
        return may(who, GROUPS, Action.SEE_CONFIDENTIAL, facts)

    assert reads(user(AUTHOR, SEES))
    assert not reads(user(COLLABORATOR, SEES))
    assert reads(user(COLLABORATOR, groups=[SALES]))
    assert not reads(user(OTHER, groups=[SALES]))
    assert reads(user(OTHER, SEES_ALL, groups=[SALES]))
    assert reads(user(OTHER, SEES, SEES_ALL, Right.SEE_CONFIDENTIAL))
    hidden = replace(facts, level=Level.SUBJECT)
    assert not reads(user(OTHER, SEES, SEES_ALL, Right.SEE_CONFIDENTIAL), hidden)


def test_who_reads_a_confidential_comment_need_not_write_it():
    facts = replace(FACTS, comment_author=COLLABORATOR, comment_groups=frozenset({SALES}))

    def writes(who):
        return may(who, GROUPS, Action.EDIT_CONFIDENTIAL, facts)

    assert writes(user(COLLABORATOR, SEES))
    assert writes(user(AUTHOR, SEES))
    assert not writes(user(OTHER, SEES_ALL, groups=[SALES]))
    assert not writes(user(OTHER, SEES, SEES_ALL, Right.SEE_CONFIDENTIAL))
    both = (Right.SEE_CONFIDENTIAL, Right.EDIT_ANY_EXCHANGE)
    assert writes(user(OTHER, SEES, SEES_ALL, *both))
    assert not writes(user(OTHER, SEES, SEES_ALL, Right.EDIT_ANY_EXCHANGE))


EXCHANGE = Exchange(
    id=ExchangeId(1),
    ref="EXC-1",
    entity=HERE,
    third_parties=(ACME,),
    contacts=(SYLVIE,),
    direction=Direction.INBOUND,
    mode="email",
    happened_at=NOW,
    recorded_at=NOW,
    source=Source.MAIL,
    subject="Devis",
    comment="Bonjour",
    author=AUTHOR,
    collaborators=(COLLABORATOR,),
    mailbox_owners=(OWNER,),
)


@pytest.mark.parametrize(
    ("level", "subject", "comment"),
    [
        (Level.EVERYTHING, "Devis", "Bonjour"),
        (Level.SUBJECT, "Devis", ""),
        (Level.HAPPENED, "", ""),
    ],
)
def test_the_level_binds_all_but_those_who_took_part(level, subject, comment):
    exchange = replace(EXCHANGE, level=level)
    seen = access.visible(exchange, user(OTHER, *Right), GROUPS)
    assert (seen.subject, seen.comment) == (subject, comment)
    for who in (AUTHOR, COLLABORATOR, OWNER):
        assert access.visible(exchange, user(who, SEES), GROUPS) == exchange


def test_of_nothing_others_see_nothing():
    hidden = replace(EXCHANGE, level=Level.NOTHING)
    assert access.visible(hidden, user(OTHER, *Right), GROUPS) is None
    assert access.visible(EXCHANGE, user(OTHER, SEES), GROUPS) is None


def test_the_facts_of_an_exchange_and_its_comment():
    comment = ConfidentialComment("x", OWNER, frozenset({SALES}))
    assert access.facts_of(EXCHANGE) == FACTS
    assert access.facts_of(EXCHANGE, comment) == replace(
        FACTS, comment_author=OWNER, comment_groups=frozenset({SALES})
    )


OURS = FollowUpFacts(HERE, creator=AUTHOR, assignees=frozenset({COLLABORATOR}))


@pytest.mark.parametrize("who", [AUTHOR, COLLABORATOR])
def test_ones_own_follow_up_needs_no_right_to_be_answered(who):
    assert may(user(who), GROUPS, Action.SEE_FOLLOW_UP, OURS)
    assert may(user(who), GROUPS, Action.EDIT_FOLLOW_UP, OURS)
    assert not may(user(who), GROUPS, Action.DELETE_FOLLOW_UP, OURS)
    assert not may(user(who), GROUPS, Action.ASSIGN_FOLLOW_UP, OURS)
    assert may(user(who, Right.DELETE_FOLLOW_UPS), GROUPS, Action.DELETE_FOLLOW_UP, OURS)
    assert may(user(who, Right.ASSIGN_FOLLOW_UPS), GROUPS, Action.ASSIGN_FOLLOW_UP, OURS)


def test_those_of_others_need_rights():
    sees_all = (Right.SEE_FOLLOW_UPS, Right.SEE_ALL_FOLLOW_UPS)
    assert not may(user(OTHER), GROUPS, Action.SEE_FOLLOW_UP, OURS)
    assert not may(user(OTHER, Right.SEE_ALL_FOLLOW_UPS), GROUPS, Action.SEE_FOLLOW_UP, OURS)
    assert may(user(OTHER, *sees_all), GROUPS, Action.SEE_FOLLOW_UP, OURS)
    assert not may(user(OTHER, *sees_all), GROUPS, Action.EDIT_FOLLOW_UP, OURS)
    editor = (*sees_all, Right.EDIT_ANY_FOLLOW_UP)
    assert may(user(OTHER, *editor), GROUPS, Action.EDIT_FOLLOW_UP, OURS)
    assert not may(user(OTHER, *editor, entities=[THERE]), GROUPS, Action.EDIT_FOLLOW_UP, OURS)


@pytest.mark.parametrize(
    ("action", "right"),
    [
        (Action.CREATE_EXCHANGE, Right.CREATE_EXCHANGES),
        (Action.CREATE_FOLLOW_UP, Right.CREATE_FOLLOW_UPS),
        (Action.CONFIGURE, Right.CONFIGURE),
        (Action.MANAGE_USERS, Right.MANAGE_USERS),
        (Action.READ_DECISIONS, Right.READ_DECISIONS),
    ],
)
def test_what_one_right_alone_allows(action, right):
    assert may(user(OTHER, right), GROUPS, action)
    assert not may(user(OTHER, *(r for r in Right if r is not right)), GROUPS, action)


def test_every_action_is_decided_for_somebody_with_all_rights():
    everyone = user(AUTHOR, *Right)
    for action in Action:
        assert any(may(everyone, GROUPS, action, f) for f in (None, FACTS, OURS, PARTY)), action


def test_an_action_on_the_wrong_thing_is_refused():
    assert not may(user(AUTHOR, *Right), GROUPS, Action.EDIT_EXCHANGE, OURS)
    assert not may(user(AUTHOR, *Right), GROUPS, Action.EDIT_FOLLOW_UP, None)


@pytest.mark.parametrize(
    ("rights", "sees_it", "describes", "widens"),
    [
        ((), False, False, False),
        ((Right.SEE_EXCHANGES,), True, False, False),
        ((Right.SEE_FOLLOW_UPS,), True, False, False),
        ((Right.CREATE_EXCHANGES,), False, False, False),
        ((Right.SEE_EXCHANGES, Right.CREATE_EXCHANGES), True, True, False),
        ((Right.MANAGE_USERS,), False, False, False),
        # Addresses and domains decide what is taken from everybody's mailbox.
        ((Right.CONFIGURE,), True, True, True),
    ],
)
def test_third_parties(rights, sees_it, describes, widens):
    who = user(OTHER, *rights)
    assert may(who, GROUPS, Action.SEE_THIRD_PARTY, PARTY) is sees_it
    assert may(who, GROUPS, Action.DESCRIBE_THIRD_PARTY, PARTY) is describes
    assert may(who, GROUPS, Action.WIDEN_CAPTURE, PARTY) is widens
    elsewhere = user(OTHER, *rights, entities=[THERE])
    assert not may(elsewhere, GROUPS, Action.SEE_THIRD_PARTY, PARTY)
    assert may(elsewhere, GROUPS, Action.SEE_THIRD_PARTY, PartyFacts(None)) is sees_it
    all_of_them = user(OTHER, *rights, Right.SEE_ALL_ENTITIES, entities=[THERE])
    assert may(all_of_them, GROUPS, Action.WIDEN_CAPTURE, PARTY) is widens


def test_a_right_is_told_with_what_it_comes_from():
    boss = Group(GroupId(2), "Bosses", frozenset({Right.SEE_EXCHANGES, Right.MANAGE_USERS}))
    who = user(OTHER, Right.SEE_EXCHANGES, groups=(SALES, boss.id))
    told = access.grants(who, {**GROUPS, boss.id: boss})
    assert [(g.right, g.own, [x.name for x in g.groups]) for g in told] == [
        (Right.SEE_EXCHANGES, True, ["Bosses", "Commerciaux"]),
        (Right.MANAGE_USERS, False, ["Bosses"]),
    ]


sets = st.frozensets(st.sampled_from(Right))


@given(sets, st.lists(st.tuples(sets, st.booleans()), max_size=4), st.frozensets(st.integers(1, 5)))
def test_the_rights_told_are_the_rights_that_count(own, of_groups, member):
    groups = {
        GroupId(n): Group(GroupId(n), f"g{n}", rights, active)
        for n, (rights, active) in enumerate(of_groups, 1)
    }
    who = user(OTHER, *own, groups=map(GroupId, member))
    told = access.grants(who, groups)
    assert {grant.right for grant in told} == access.rights_of(who, groups)
    assert all(grant.own == (grant.right in own) for grant in told)
    assert all(group.active for grant in told for group in grant.groups)


def test_administrators_are_those_who_can_give_rights():
    bosses = Group(GroupId(2), "Bosses", frozenset({Right.MANAGE_USERS}))
    groups = {**GROUPS, bosses.id: bosses}
    staff = (
        user(AUTHOR, Right.MANAGE_USERS),
        user(OTHER, groups=[bosses.id]),
        user(OWNER, Right.MANAGE_USERS, active=False),
        user(COLLABORATOR, Right.CONFIGURE),
    )
    assert access.administrators(staff, groups) == {AUTHOR, OTHER}
    closed = replace(bosses, active=False)
    assert access.administrators(staff, {bosses.id: closed}) == {AUTHOR}
