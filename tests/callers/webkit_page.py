# SPDX-License-Identifier: LGPL-2.1-or-later
"""webkit_page.py SHOWN HIDDEN: show a page, and print what a sandboxed web process makes of it.

The line printed is the page's title, which a script has changed; the result of that script;
"sandboxed" if the parent of the web process is /usr/bin/bwrap; and which of the folders SHOWN,
which is made visible read-only, and HIDDEN the web process sees.  Then wait for the end of
standard input.
"""
import os
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

SCRIPT = "document.title = document.querySelector('p').textContent.toUpperCase(); 6 * 7"
SECONDS = 40  # until this gives up
shown, hidden = sys.argv[1:]


def status(pid, field):
    """A FIELD of /proc/PID/status, as text."""
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return next(line for line in lines if line.startswith(field + ":")).split()[1]


def is_below(pid, ancestor):
    """Whether PID is a descendant of ANCESTOR."""
    while pid not in (0, ancestor):
        pid = int(status(pid, "PPid"))
    return pid == ancestor


def web_process():
    """The process id of our web process, whose name the kernel cuts."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    named = [pid for pid in pids if status(pid, "Name") == "WebKitWebProces"]
    return next(pid for pid in named if is_below(pid, os.getpid()))


def report(view, result):
    pid = web_process()
    parent = status(pid, "PPid")
    words = [str(result)]
    if os.path.samefile(f"/proc/{parent}/exe", "/usr/bin/bwrap"):
        words.append("sandboxed")
    words += [path for path in (shown, hidden) if os.path.exists(f"/proc/{pid}/root{path}")]
    print(view.get_title(), *words, flush=True)
    sys.stdin.read()
    Gtk.main_quit()


def evaluated(view, result):
    number = view.evaluate_javascript_finish(result).to_int32()
    view.connect("notify::title", lambda view, _: report(view, number))


def loaded(view, event):
    if event == WebKit2.LoadEvent.FINISHED:
        view.evaluate_javascript(SCRIPT, -1, None, None, None, evaluated)


def give_up(*_):
    sys.exit("no page, no web process, or too late")


context = WebKit2.WebContext.new_ephemeral()
context.set_sandbox_enabled(True)
context.add_path_to_sandbox(shown, True)
page = WebKit2.WebView.new_with_context(context)
window = Gtk.OffscreenWindow()
window.add(page)
window.show_all()
page.connect("load-changed", loaded)
page.connect("web-process-terminated", give_up)
page.load_html("<p>text</p>", None)
GLib.timeout_add_seconds(SECONDS, give_up)
Gtk.main()
