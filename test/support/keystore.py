# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A keystore as ``ros2 security`` makes it, with openssl: the made distributions lack sros2."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

_XSI = 'http://www.w3.org/2001/XMLSchema-instance'
_DOMAINS = '<domains><id_range><min>0</min><max>230</max></id_range></domains>'
_KEY = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes')
# As sros2 writes it: everything is encrypted, and nobody joins without a permission.
_GOVERNANCE = f"""<?xml version="1.0" encoding="UTF-8"?>
<dds xmlns:xsi="{_XSI}"><domain_access_rules><domain_rule>{_DOMAINS}
<allow_unauthenticated_participants>false</allow_unauthenticated_participants>
<enable_join_access_control>true</enable_join_access_control>
<discovery_protection_kind>ENCRYPT</discovery_protection_kind>
<liveliness_protection_kind>ENCRYPT</liveliness_protection_kind>
<rtps_protection_kind>SIGN</rtps_protection_kind>
<topic_access_rules><topic_rule><topic_expression>*</topic_expression>
<enable_discovery_protection>true</enable_discovery_protection>
<enable_liveliness_protection>true</enable_liveliness_protection>
<enable_read_access_control>true</enable_read_access_control>
<enable_write_access_control>true</enable_write_access_control>
<metadata_protection_kind>ENCRYPT</metadata_protection_kind>
<data_protection_kind>ENCRYPT</data_protection_kind>
</topic_rule></topic_access_rules></domain_rule></domain_access_rules></dds>
"""


@dataclass(frozen=True)
class Permissions:
    """Names of the DDS topics that a participant may publish and subscribe to."""

    publish: Collection[str] = ('*',)
    subscribe: Collection[str] = ('*',)


def permissions_of(policy: str) -> Permissions:
    """Translate the text of a policy as ``ros2 security create_permission`` does."""

    def names(kind: str, way: str) -> list[str]:
        found = []
        for profile in ET.fromstring(policy).iter('profile'):
            place = str(profile.get('ns')).rstrip('/')
            for group in profile.iter(kind):
                if group.get(way) == 'ALLOW':
                    texts = (str(name.text) for name in group)
                    own = (name.replace('~', f'{place}/{profile.get("node")}') for name in texts)
                    found += [name if name.startswith('/') else f'{place}/{name}' for name in own]
        return found

    replies, requests = names('services', 'reply'), names('services', 'request')
    return Permissions(
        publish=[
            *(f'rt{topic}' for topic in names('topics', 'publish')),
            *(f'rr{service}Reply' for service in replies),
            *(f'rq{service}Request' for service in requests),
            'ros_discovery_info',
        ],
        subscribe=[
            *(f'rt{topic}' for topic in names('topics', 'subscribe')),
            *(f'rq{service}Request' for service in replies),
            *(f'rr{service}Reply' for service in requests),
            'ros_discovery_info',
        ],
    )


def make_keystore(root: Path, enclaves: Mapping[str, Permissions]) -> None:
    """Write a keystore with an authority of its own, and an enclave for each participant."""
    authority = root / 'private'
    authority.mkdir(parents=True)
    key, certificate = authority / 'ca.key.pem', authority / 'ca.cert.pem'
    _openssl('req', '-x509', *_KEY, '-keyout', key, '-out', certificate, '-subj', '/CN=tests')

    def sign(text: str, path: Path) -> None:
        plain = path.with_suffix('.xml')
        plain.write_text(text)
        signer = ('-signer', certificate, '-inkey', key)
        _openssl('smime', '-sign', '-text', '-in', plain, '-out', path, *signer)

    for name, permissions in enclaves.items():
        folder = root / 'enclaves' / name
        folder.mkdir(parents=True)
        request = folder / 'request.pem'
        subject = ('-subj', f'/CN=\\/{name}')
        _openssl('req', *_KEY, '-keyout', folder / 'key.pem', '-out', request, *subject)
        issuer = ('-CA', certificate, '-CAkey', key, '-CAcreateserial')
        _openssl('x509', '-req', '-in', request, *issuer, '-out', folder / 'cert.pem')
        for file in ('identity_ca.cert.pem', 'permissions_ca.cert.pem'):
            (folder / file).write_bytes(certificate.read_bytes())
        sign(_GOVERNANCE, folder / 'governance.p7s')
        sign(_grant(name, permissions), folder / 'permissions.p7s')


def _grant(name: str, permissions: Permissions) -> str:
    rules = ''
    for way in ('publish', 'subscribe'):
        topics = ''.join(f'<topic>{topic}</topic>' for topic in getattr(permissions, way))
        rules += f'<{way}><topics>{topics}</topics></{way}>'
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<dds xmlns:xsi="{_XSI}"><permissions><grant name="/{name}"><subject_name>CN=/{name}</subject_name>
<validity><not_before>2020-01-01T00:00:00</not_before><not_after>2120-01-01T00:00:00</not_after>
</validity><allow_rule>{_DOMAINS}{rules}</allow_rule><default>DENY</default></grant></permissions>
</dds>
"""


def _openssl(*arguments: object) -> None:
    # The distribution's libraries may be of another OpenSSL.
    environ = {key: value for key, value in os.environ.items() if key != 'LD_LIBRARY_PATH'}
    subprocess.run(
        ['openssl', *map(str, arguments)], env=environ, check=True, stderr=subprocess.DEVNULL
    )
