#!/bin/sh
# eval, exec with and without a command, exec with redirections, sourcing files, command and type.
x='echo "a b"'; eval $x; eval "y=5; echo \$y"; n=v; eval "$n=3"; echo $v; eval 'eval "echo twice"'
(exec echo replaced; echo no); echo 'z=sourced; echo args $#; return 4' >s; . ./s; echo $? $z
command echo plain; command -v sh cd; command -v none; echo $?; type cd; alias ll='ls -l'; alias ll
sh -c 'exec 3>f; echo a >&3; exec >&3; echo b'; cat f; sh -c 'exec nonexistent' 2>/dev/null; echo $?
sh -c './s' 2>/dev/null; echo $?
sh -c 'echo $0 $1 $#' name a b; sh -s x <<'E'
echo "stdin script $1"
E
echo 'echo from file $0 $1' >sc; sh sc arg; chmod +x sc; ./sc noshebang
printf '#!/bin/sh -e\nfalse\necho no\n' >se; chmod +x se; ./se; echo $?
