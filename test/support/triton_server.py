# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""NVIDIA's Triton Inference Server, as its wheel has it, in a process of its own.

Its own Python finds libpython by the loader's path and its packages by the first python3 on PATH.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

ENVIRONMENT = Path(__file__).resolve().parents[2] / '.ros' / 'servers' / 'triton'
START_S = 60


def free_ports(count):
    """Return TCP ports of this machine that nobody listens on."""
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Triton:
    """A server of a model repository; it can be killed and started again at its ports.

    Args:
        folder: For the backend and the log.
        repository: Folder of the models, which are all loaded.
    """

    def __init__(self, folder, repository):
        version = f'{sys.version_info[0]}.{sys.version_info[1]}'
        packages = ENVIRONMENT / 'lib' / f'python{version}' / 'site-packages'
        server = packages / 'pytriton' / 'tritonserver'
        backends = folder / 'backends'
        shutil.copytree(server / 'backends', backends)
        stub = server / 'python_backend_stubs' / version / 'triton_python_backend_stub'
        shutil.copy(stub, backends / 'python')
        self.repository = repository
        self.log = folder / 'triton.log'
        self.http, self.grpc = free_ports(2)
        # Of the memory between the server and its models, which a killed one leaves.
        self.prefix = f'test-{os.getpid()}-{self.http}-'
        self.command = [
            str(server / 'bin' / 'tritonserver'),
            *('--model-repository', str(repository), '--backend-directory', str(backends)),
            *('--http-address', '127.0.0.1', '--http-port', str(self.http)),
            *('--grpc-address', '127.0.0.1', '--grpc-port', str(self.grpc)),
            *('--model-control-mode', 'explicit', '--load-model', '*'),
            *('--backend-config', f'python,shm-region-prefix-name={self.prefix}'),
            *('--allow-metrics', 'false', '--exit-timeout-secs', '2'),
        ]
        # The last ones for the driver of a GPU, and for a Python that was moved.
        libraries = [packages / 'nvidia_pytriton.libs', sysconfig.get_config_var('LIBDIR')]
        libraries += filter(None, [os.environ.get('LD_LIBRARY_PATH')])
        self.environment = {
            'PATH': f'{ENVIRONMENT / "bin"}:{os.environ["PATH"]}',
            'LD_LIBRARY_PATH': ':'.join(map(str, libraries)),
            'PYTHONPATH': str(packages),
            'ORT_DISABLE_TELEMETRY': '1',
        }
        if 'PYTHONHOME' in os.environ:
            self.environment['PYTHONHOME'] = os.environ['PYTHONHOME']
        self.process = None

    def start(self, *, wait=True):
        """Start it; with ``wait`` return when its models are ready."""
        with self.log.open('ab') as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        if wait:
            self.wait()

    def wait(self):
        """Wait until its models are ready."""
        until_s = time.monotonic() + START_S
        while self.process.poll() is None and time.monotonic() < until_s:
            try:
                with urllib.request.urlopen(f'http://127.0.0.1:{self.http}/v2/health/ready'):
                    return
            except OSError:
                time.sleep(0.05)
        self.kill()
        raise RuntimeError(self.log.read_text(errors='replace')[-4000:])

    def kill(self):
        """End it at once, with the processes of its models, which would outlive it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for path in Path('/dev/shm').glob(f'{self.prefix}*'):
            path.unlink(missing_ok=True)

    def ask(self, path):
        """Send a request of Triton's own over HTTP."""
        request = urllib.request.Request(
            f'http://127.0.0.1:{self.http}/v2/{path}', data=b'{}', method='POST'
        )
        with urllib.request.urlopen(request) as answer:
            return answer.read()
