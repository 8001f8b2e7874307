#!/bin/bash
# PIPESTATUS and pipefail with failures at different places.
true | false | true; echo "${PIPESTATUS[*]}" $?
(exit 3) | (exit 4) | (exit 0); echo "${PIPESTATUS[*]}"
set -o pipefail
(exit 3) | (exit 4) | (exit 0); echo $?
true | true; echo $?
yes | head -1; echo "$? ${PIPESTATUS[*]}"
set -e
( set -e; false | true; echo no ); echo no
