"""What is said about each kind of mistake: English templates, which gettext translates.

Placeholders are filled with pieces of the file, made harmless. A message never ends in a stop:
a hint may follow.
"""

from collections.abc import Mapping

PLACED_IN_RULE = "rule '{name}': "

HINTS: Mapping[str, str] = {
    "near": "; did you mean '{near}'?",
    "known": "; it is one of: {known}",
}

MESSAGES: Mapping[str, str] = {
    # The form of the file.
    "too-large": "the file is larger than {most}",
    "not-utf8": "this is not UTF-8 text",
    "forbidden-character": "the character {character} may not stand in a rules file",
    "tab": "a tab can't indent; use spaces",
    "yaml": "not YAML: {detail}",
    "directive": "YAML directives are not read here",
    "documents": "one file holds one document; '---' may not come again",
    "too-deep": "more than {most} lists and mappings inside one another",
    "too-many-nodes": "more than {most} values in one file",
    "complex-key": "a word is expected before the colon, not a list or a mapping",
    "merge-key": "the merge key '<<' is not read here; write it out",
    "repeated": "'{word}' stands here already",
    "alias": "aliases (*name) are not read here; write it out",
    "anchor": "anchors (&name) are not read here; write it out",
    "tag": "tags (!name) are not read here",
    # Files and rules.
    "not-a-rules-file": "a rules file has 'version: 1' and 'rules:'",
    "no-version": "'version: 1' is missing",
    "other-version": "this suivi reads 'version: 1'",
    "no-rules": "there are no rules in this file",
    "not-a-list-of-rules": "'rules' is a list: each rule begins with '- name:'",
    "not-a-rule": "a rule has 'name', 'when', 'then', and maybe 'examples'",
    "unknown-word": "unknown word '{word}'",
    "no-name": "'name' is missing",
    "bad-name": "a name is one line of at most {most} characters, without blanks around it",
    "no-when": "'when' is missing; a rule for everything says 'when: always'",
    "no-then": "'then' is missing: what is to be done?",
    "not-conditions": "conditions are expected: words with a colon, such as 'subject: quote'",
    "no-conditions": "a condition is missing here",
    "not-a-list-of-conditions": "'{word}' takes a list of conditions",
    "unknown-condition": "unknown condition '{word}'",
    "not-actions": "actions are expected: words with a colon, such as 'purpose: other'",
    "unknown-action": "unknown action '{word}'",
    "no-reply-inside": "'no_reply_for' stands directly in 'when', not inside all, any or not",
    # Rules that can't do what they say.
    "too-late": "'{word}' is settled from the headers, before the text that '{condition}' reads "
    "is fetched",
    "cannot-wait": "'{word}' can't come later: with 'no_reply_for' only 'open_follow_up' may",
    "not-recorded": "'{word}' does nothing: '{cause}' keeps it from being recorded",
    "never-both": "'{word}' never holds here: the other conditions ask for '{thing}'",
    "not-of": "'{word}' does nothing here: the conditions ask for '{thing}'",
    "inbound-waits": "only an outbound message waits for a reply",
    "contradiction": "'{word}' contradicts another condition: the rule would never fire",
    "never-seen": "such events never come as far as rules: they are left alone",
    "name-taken": "there is a rule '{other}' already, at {place}",
    "unreachable": "never asked: rule '{other}' at {place} stops before, whenever this would fire",
    "too-many-rules": "more than {most} rules in the set",
    "too-many-problems": "there are more problems; these are the first {most}",
    # Values.
    "not-a-text": "a text is expected here",
    "empty": "something is missing here",
    "too-long-text": "a text has at most {most} characters",
    "too-many-items": "a list has at most {most} items",
    "not-a-flag": "'true' or 'false' is expected here",
    "only-true": "only 'true' can stand here; to not do it, leave the word out",
    "unknown-value": "unknown value '{word}'",
    "unknown-option": "unknown word '{word}'",
    "not-a-map": "words with a colon are expected here: {words}",
    "missing": "'{word}' is missing",
    "not-a-duration": "'{given}' is no length of time, such as '2h' or '15 minutes'",
    "not-a-size": "'{given}' is no size, such as '5 MB' or '300 kB'",
    "not-a-number": "'{given}' is no whole number",
    "unknown-unit": "unknown unit '{unit}'; there are {units}",
    "too-long": "'{given}' is more than {most}",
    "empty-range": "nothing can be in '{given}'",
    "not-a-clock-time": "'{given}' is no time of day, such as '09:00'",
    "not-hours": "'{given}' are no hours, such as '08:00 to 18:00'",
    "not-working-days": "'{given}' are no working days, such as '5 working days'",
    "not-a-later-time": "'{given}' is no time from then, such as '+2h' or "
    "'+3 working days at 09:00'",
    "hours-and-clock-time": "'{given}' names hours and a time of day; one of them is too much",
    "bad-pattern": "the pattern '{pattern}' is wrong: {detail}",
    "look-around": "the pattern '{pattern}' looks ahead or behind, which patterns (RE2) can't; "
    "use 'not' and a second condition",
    "back-reference": "the pattern '{pattern}' refers back to a group, which patterns (RE2) can't",
    "pattern-matches-all": "the pattern '{pattern}' is met by every text, an empty one too",
    "one-how": "one of these is expected, once: {words}",
    "not-headers": "header fields are expected here, such as 'X-Mailer: shop'",
    "not-a-header-name": "'{name}' is no name of a header field",
    "not-a-domain": "'{given}' is no domain, such as 'acme.example'",
    "not-an-address": "'{given}' is no email address; a domain is written '@acme.example'",
    "unknown-variable": "unknown variable '{word}'",
    # Examples.
    "not-examples": "'examples' is a list: each begins with '- mail:' or '- event:'",
    "not-an-example": "an example has 'mail' or 'event', and maybe 'fires' and 'gives'",
    "not-a-moment": "'{given}' is no moment, such as '2026-03-04 10:00'",
    "too-many-examples": "more than {most} examples in the set",
    "example-missed": "the rule does not fire for this example: '{condition}' in line {line} "
    "does not hold",
    "example-stopped": "the rule does not fire for this example: rule '{other}' stops before",
    "example-fires": "the rule fires for this example, and should not",
    "example-gives": "this example gives {word}: {got}",
    # What the store knows.
    "unknown-users": "there is no user '{word}'",
    "unknown-groups": "there is no group '{word}'",
    "unknown-modes": "there is no mode '{word}'",
    "unknown-purposes": "there is no purpose '{word}'",
    "unknown-products": "there is no product '{word}'",
    "unknown-third-parties": "there is no third party '{word}'",
    "unknown-templates": "there is no template '{word}'",
    "unknown-accounts": "there is no account '{word}'",
    "unknown-calendars": "there is no calendar '{word}'",
}
