"""The daemon's life: start everything, wait, reload, and stop with all stored."""

import signal
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from connectors.imap.watch import IdleWatcher
from daemon import logs, notify
from daemon.app import alarms
from daemon.app.doors import doors_of, limits_of
from daemon.app.figures import AccountFigures, Figures, Sources
from daemon.app.hidden import hidden_texts
from daemon.app.lines import Lines
from daemon.app.links import links_of
from daemon.app.machine import machine_of
from daemon.app.parts import Parts, assemble
from daemon.app.rules import options_of, source_of
from daemon.app.signals import Signals
from daemon.app.status import Refused, one_line, readiness, report
from daemon.app.stored import with_stored
from daemon.app.ticks import Ticks
from daemon.clock import now
from daemon.config import ConfigError, Settings, load
from daemon.config.vault import Vault
from daemon.control import Control, ControlError
from daemon.handed import handed
from daemon.i18n import LANGUAGES
from daemon.jobs import Pool
from daemon.loop import Loop
from daemon.metrics import Metrics
from daemon.rollcall import RollCall
from daemon.rulefiles.mistake import lines
from daemon.rulefiles.standing import told
from daemon.rulefiles.telling import tell
from daemon.rulefiles.watch import Watch
from daemon.sheet.desk import Desk
from daemon.store import installation, passwords
from daemon.web.build import build as build_web
from daemon.web.caller import admin, admin_token, token_hash
from daemon.web.server import Server

log = structlog.stdlib.get_logger(__name__)

EX_CONFIG = 78
"""sysexits.h: what a bad configuration ends with, a start or a reload."""

DRAIN_SECONDS = 25.0

BEAT_SECONDS = 15.0
"""How often all is looked after where systemd asks for no watchdog."""

RELOAD_SECONDS = 120.0
"""What reading configuration and rules anew may take."""

FIXED = ("state_dir", "runtime_dir", "database", "http", "oidc", "log")
"""Sections that are read at the start only: changing one needs a restart, and a reload says so."""


class Service:
    """Runs `parts` until it is told to stop."""

    def __init__(self, parts: Parts) -> None:
        settings = parts.settings
        self._parts = parts
        self._signals = Signals(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        self._roll = RollCall()
        beat = notify.watchdog_seconds() or BEAT_SECONDS
        self._started = now()
        self._metrics = self._make_metrics()
        pool = Pool(settings.capture.workers, self._metrics)
        self._loop = Loop((), pool, (beat, self._beat), self._roll)
        self._watcher = IdleWatcher(self._pushed)
        self._lines = Lines(self._watcher)
        self._ticks = self._make_ticks(parts)
        self._rules = Watch(parts.rules, self._rules_read)
        self._control = Control(settings.control_socket, self._verbs())
        self._web = self._make_web(settings)
        self._refused: Refused | None = None

    def run(self) -> None:
        """Start, wait for SIGTERM or SIGINT, stop. Raises ControlError, CannotListen."""
        self._control.start()
        try:
            self._start()
            self._wait()
        finally:
            self._stop()

    def _start(self) -> None:
        self._web.start()
        self._loop.start()
        self._watch()
        self._loop.reload(self._ticks.all())
        standing = self._parts.rules.standing
        if standing.refused is not None:
            told(standing.refused.bad, standing.ruleset.fingerprint)
        self._rules.start()
        self._enter_roll()
        notify.ready(self._line())
        log.info(
            "running",
            mailboxes=len(self._parts.members.mail),
            calendars=len(self._parts.members.calendars),
            http=self._web.url,
            observing=self._parts.rulebook.in_force().observing,
        )

    def _make_ticks(self, parts: Parts) -> Ticks:
        # Accounts that were set up over HTTP, by this daemon or another, are taken up as a reload
        # does it, in the thread that reloads.
        return Ticks(parts, self._loop, self._started, self._metrics, self._read_again, self._lines)

    def _read_again(self) -> None:
        self._signals.send(signal.SIGHUP)

    def _enter_roll(self) -> None:
        """Every thread that lives as long as the daemon: when one hangs, so does suivi."""
        self._roll.enter("main", self._signals.call, RELOAD_SECONDS)
        self._roll.enter("http", self._web.call)
        self._roll.enter("imap-idle", self._watcher.call)
        self._roll.enter("control", self._control.call)
        # It reads a set of rules at a time, and tells the database.
        self._roll.enter("rules", self._rules.call, RELOAD_SECONDS)

    def _wait(self) -> None:
        while True:
            received = self._signals.wait()
            if received != signal.SIGHUP:
                log.info("stopping", signal=received.name)
                return
            try:
                self._reload({})
            except ControlError as error:
                log.warning("reload refused; the old configuration stays", why=str(error))

    def _stop(self) -> None:
        notify.stopping()
        self._rules.stop()
        self._watcher.close()
        if not self._loop.stop(DRAIN_SECONDS):
            log.warning("stopped before everything was finished; the next start goes on from there")
        self._web.stop()
        self._control.stop()
        self._parts.store.close()

    # What the control socket offers.

    def _verbs(self) -> dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]:
        return {
            "status": self._status,
            "reload": self._reload,
            "release": self._release,
            "sync": self._sync,
            "follow-ups": self._follow_ups,
        }

    def _status(self, args: Mapping[str, Any]) -> Mapping[str, Any]:
        language = _language(args)
        told = report(self._parts, self._loop, self._web.url, language)
        return {**told, "alarms": alarms.lines(self._parts, self._started, language)}

    def _reload(self, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read configuration and rules again; with a mistake in either, nothing changes."""
        notify.reloading()
        try:
            self._take_over(args)
        except ControlError as error:
            self._refused = Refused(now(), str(error).splitlines())
            raise
        else:
            self._refused = None
        finally:
            notify.ready(self._line())
        return {"reloaded": True}

    def _take_over(self, args: Mapping[str, Any]) -> None:
        try:
            before = self._parts
            settings = load(before.settings.path)
            settings = with_stored(settings, before.store, Vault(before.secret))
            logs.hide(hidden_texts(self._parts.settings) | hidden_texts(settings))
            _refuse_restart(self._parts.settings, settings)
            made: list[Parts] = []
            # What can't be put together must not bring its rules into force.
            bad = self._parts.rules.refresh(
                source_of(settings), lambda: made.append(self._assembled(settings))
            )
            if bad is not None:
                raise ControlError("\n".join(lines(bad.mistakes, _language(args))))
            (parts,) = made
        except ConfigError as error:
            raise ControlError(str(error), EX_CONFIG) from error
        self._parts = parts
        self._ticks = self._make_ticks(parts)
        self._watch(before)
        self._loop.reload(self._ticks.all())
        if parts.setups != before.setups:
            self._ticks.wake_everything()
        standing = parts.rules.standing
        log.info("reloaded", mailboxes=len(parts.members.mail), rules=len(standing.ruleset.rules))

    def _assembled(self, settings: Settings) -> Parts:
        sender = self._parts.sender
        pace = sender.pace if sender is not None else None
        return assemble(settings, self._parts.store, self._parts.rules, pace)

    def _release(self, _args: Mapping[str, Any]) -> Mapping[str, Any]:
        """End observing; everything is judged again, for real."""
        with self._parts.store.write() as tx:
            installation.release(tx, now())
        log.info("released")
        self._ticks.wake_everything()
        return {"released": True}

    def _sync(self, _args: Mapping[str, Any]) -> Mapping[str, Any]:
        self._ticks.wake_everything()
        return {"woken": True}

    def _follow_ups(self, _args: Mapping[str, Any]) -> Mapping[str, Any]:
        """A command changed some: their calendars and reminders follow at once."""
        self._ticks.wake_follow_ups()
        return {"woken": True}

    # New mail is pushed.

    def _pushed(self, account: int) -> None:
        self._ticks.wake(account)

    def _watch(self, before: Parts | None = None) -> None:
        """Keep a connection of each mailbox; one that is configured as `before` keeps its own."""
        boxes = self._parts.members.mailboxes
        for account, old in (before.members.mailboxes if before else {}).items():
            if boxes.get(account) != old:
                self._watcher.forget(account)
        for account in boxes:
            self._watcher.watch(account)

    # Rules files were saved.

    def _rules_read(self) -> None:
        notify.status(self._line())
        admin = self._parts.admin
        if admin is not None:
            with self._parts.store.write() as tx:
                tell(tx, admin, self._parts.rules.standing, now())

    def _beat(self, late: tuple[str, ...]) -> None:
        if not late:
            notify.watchdog()
        notify.status(self._line())

    def _line(self) -> str:
        return one_line(self._parts, self._loop, self._watcher.connected, self._refused)

    def _make_metrics(self) -> Metrics:
        # Asked later, when all of it is there.
        sources = Sources(
            parts=lambda: self._parts,
            loop=lambda: self._loop,
            idle=lambda: self._watcher.accounts,
            ready=lambda: readiness(self._parts, self._loop).ready,
            started=self._started,
        )
        return Metrics(Figures(sources), AccountFigures(sources))

    def _desk(self) -> Desk:
        """What writing needs, by the configuration in force."""
        smtp = self._parts.settings.smtp
        return Desk(
            options_of(self._parts.settings),
            smtp.sender if smtp is not None else None,
            self._ticks.wake_follow_ups,
        )

    def _say_who_may_enter(self) -> None:
        """The way to the first admin is in the log, the link itself never: logs are read by many,
        copied, and kept."""
        with self._parts.store.read() as tx:
            if passwords.admin_can_enter(tx):
                return
        log.info("no administrator has a password: `suivi user first` makes a link to choose one")

    def _make_web(self, settings: Settings) -> Server:
        token = admin_token(settings.http_token_file)
        # It may just have been made.
        logs.hide(hidden_texts(settings))
        self._say_who_may_enter()
        app = build_web(
            self._parts.store,
            lambda: readiness(self._parts, self._loop),
            {token_hash(token): admin()},
            links_of(lambda: self._parts),
            settings.company.language,
            self._metrics.shown,
            self._metrics,
            self._desk,
            doors_of(self._parts),
            limits_of(settings.http),
            machine_of(lambda: self._parts, lambda: self._ticks.wake_everything()),
        )
        return Server(app, settings.http.host, settings.http.port, handed())


def _language(args: Mapping[str, Any]) -> str:
    """That of whoever asked, for what only they read."""
    language = args.get("language")
    return language if language in LANGUAGES else "en"


def _refuse_restart(old: Settings, new: Settings) -> None:
    changed = [name for name in FIXED if getattr(old, name) != getattr(new, name)]
    if changed:
        raise ConfigError(
            f"{', '.join(changed)} can't change while suivi runs: restart it (systemctl restart "
            "suivi); nothing of the new configuration is in force"
        )
