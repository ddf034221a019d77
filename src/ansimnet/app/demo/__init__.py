"""The demo: the whole system on this machine, with a simulated district and a scripted night."""

from ansimnet.app.demo.run import run_demo

__all__ = ["run_demo"]
