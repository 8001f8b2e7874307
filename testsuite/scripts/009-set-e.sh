#!/bin/sh
# Where errexit does and does not act.
sh -ec 'false; echo no'; echo $?
sh -ec 'false || true; echo yes'; echo $?
sh -ec 'if false; then :; fi; echo yes'; echo $?
sh -ec '! true; echo yes'; echo $?
sh -ec 'false | true; echo yes'; echo $?
sh -ec 'x=$(false); echo no'; echo $?
sh -ec '(false); echo no'; echo $?
sh -ec 'f() { false; echo in f; }; f && echo and'; echo $?
sh -ec 'f() { false; echo no; }; f; echo no'; echo $?
sh -ec 'while false; do :; done; until true; do :; done; echo yes'; echo $?
sh -ec 'trap "echo bye \$?" EXIT; (exit 4); echo no'; echo $?
sh -ec 'eval false; echo no'; echo $?
sh -ec 'false & wait $!; echo no'; echo $?
