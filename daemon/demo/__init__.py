"""`suivi demo`: real servers, a sample company and the real daemon, told as it is observed."""

from daemon.demo.play import play

__all__ = ["play"]
