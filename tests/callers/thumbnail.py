# SPDX-License-Identifier: LGPL-2.1-or-later
"""thumbnail.py FILE TYPE: print the size of the thumbnail that GNOME makes of a FILE of a TYPE."""
import pathlib
import sys

import gi

gi.require_version("GnomeDesktop", "3.0")
from gi.repository import GLib, GnomeDesktop  # noqa: E402

uri = pathlib.Path(sys.argv[1]).absolute().as_uri()
factory = GnomeDesktop.DesktopThumbnailFactory.new(GnomeDesktop.DesktopThumbnailSize.NORMAL)
try:
    thumbnail = factory.generate_thumbnail(uri, sys.argv[2], None)
except GLib.Error as error:
    sys.exit(error.message)
print(thumbnail.get_width(), thumbnail.get_height())
