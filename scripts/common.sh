# What the scripts share; sourced by them.

fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
    exit 1
}

# Installs the packages of a requirements file into a virtual environment: once for each content of the file, and without
# network when it has not changed. Two calls at once wait for each other. PYTHON names an interpreter other than python3.
#
#   python_environment DIRECTORY REQUIREMENTS WHAT [pip option ...]
python_environment() {
    local directory=$1 requirements=$2 what=$3 python=${PYTHON:-python3} lock
    shift 3
    command -v "$python" >/dev/null ||
        fail "$python is not installed." "Debian and Ubuntu:  sudo apt-get install python3 python3-venv"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
        fail "$("$python" --version) is too old: 3.10 or newer is needed." "PYTHON=/path/to/python3 names another one."
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python cannot make virtual environments." "Debian and Ubuntu:  sudo apt-get install python3-venv"

    mkdir -p "$directory" || fail "the directory $directory cannot be made."
    exec {lock}<"$directory"
    flock "$lock"
    if ! cmp -s "$requirements" "$directory/installed.txt" || ! "$directory/bin/python" -c '' 2>/dev/null; then
        echo "Installing $what into $directory, once" >&2
        "$python" -m venv --clear "$directory" >&2 ||
            fail "no virtual environment could be made in $directory." "Is it writable, and is there room?"
        "$directory/bin/python" -m pip install --disable-pip-version-check --no-input "$@" -r "$requirements" \
            >"$directory/install.log" 2>&1 || {
            tail -n 5 "$directory/install.log" >&2
            fail "pip could not install $what; the whole log is $directory/install.log." \
                "No network, or a proxy? pip reads PIP_INDEX_URL and HTTPS_PROXY."
        }
        cp "$requirements" "$directory/installed.txt"
    fi
    exec {lock}<&-
}
