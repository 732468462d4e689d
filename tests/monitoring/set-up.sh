# shellcheck shell=bash
# To be sourced. Takes nothing; says where things are, and sets up Prometheus, Alertmanager and a Python with what a file requires. What it
# installs goes to ~/.cache/vpc-mirror (or below XDG_CACHE_HOME).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
shared=$here/../python
cache=${XDG_CACHE_HOME:-$HOME/.cache}/vpc-mirror

# The folder of a virtual environment with what a file requires.
installed() {
    local venv
    venv=$cache/monitoring-$({ python3 --version; cat "$@"; } | sha256sum | cut -c1-16)
    if [[ ! -e $venv/complete ]]; then
        python3 -m venv --clear "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "${@/#/--requirement=}" >&2
        touch "$venv/complete"
    fi
    echo "$venv"
}

tools=$cache/monitoring-tools-$(cat "$here/tools.py" "$shared/debian.py" | sha256sum | cut -c1-16)
PYTHONPATH=$shared python3 -B "$here/tools.py" "$tools"
export PATH=$tools:$PATH
