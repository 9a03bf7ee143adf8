#!/bin/sh
# Makes the virtual environment; where Python's venv is missing, installs it (as root) or says what to type.
set -eu
python=$1
venv=$2

"$python" - <<'PY' || { echo "Perezvon needs Python 3.11 or newer. Set PYTHON=/path/to/python3.11 for make." >&2; exit 1; }
import sys
sys.exit(sys.version_info < (3, 11))
PY

if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        echo "Python's venv module is missing. Type: sudo apt-get install python3-venv" >&2
        exit 1
    fi
fi
"$python" -m venv "$venv"
