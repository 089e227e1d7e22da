"""The key that encrypts secrets: made at the first start, never in place of a lost one."""

import logging

import sqlalchemy as sa

from maquette.core.settings import Settings
from maquette.people.second_factor_key import find_key, make_key
from maquette.people.two_factor import count_by_key
from maquette.service import text_servers

log = logging.getLogger(__name__)


def prepare_key(database: sa.Engine, settings: Settings) -> None:
    """Has a key be there, unless what is encrypted needs another: a new one would hide that it is
    missing, and be in the way when it is put back. Raises InvalidSettings, OutputNotWritable.
    """
    if find_key(settings) is not None:
        return
    with database.connect() as connection:
        needed = [one for one in count_by_key(connection) if one]
        needed += text_servers.count_by_key(connection)
    if needed:
        log.warning("the key of second factors is missing; maquette doctor says what to do")
    else:
        make_key(settings.data)
