#!/bin/sh
# Hard and symbolic links: counts, inodes, dangling, loops, relative, ln options, cp and mv over links.
echo 1 >a; ln a b; stat -c %h a; [ a -ef b ] && echo same; echo 2 >>b; cat a; rm a; stat -c %h b; cat b
ln -s b s; cat s; readlink s; ln -s s s2; readlink -f s2 | sed 's|.*/||'; ln -s none dang
cat dang 2>/dev/null || echo dangling; echo x >dang; cat none; ln -s loop2 loop1; ln -s loop1 loop2
cat loop1 2>&1 | sed 's/.*: //'; ln -s "$PWD" abs; ls abs | head -1; mkdir -p d/e; ln -s ../b d/rel
cat d/rel; ln -sf c s; readlink s; ln s 2>/dev/null; echo $?; ln -sfn d/e dirlink; readlink dirlink
ln -sr b d/e/back; readlink d/e/back; cat d/e/back; ln -P dang hardsym; readlink hardsym; ln d x 2>/dev/null
echo $?; realpath --relative-to=d b; namei -m d/rel | sed 's/  */ /g'; cp -d s cs; readlink cs; cp b cb
ln -f cb b; [ b -ef cb ] && echo replaced; mv s d/; readlink d/s; cp --remove-destination b d/rel
[ -L d/rel ] || echo file; rm dirlink; ls d/e; unlink none; test -L dang && ! test -e dang && echo still
stat -c '%s %N' dang; ln -s '' e 2>/dev/null; echo $?; ln -s "$(printf 'x%.0s' $(seq 255))" longlink
readlink longlink | wc -c; i=0; ln -s b l0; while [ $i -lt 45 ]; do ln -s l$i l$((i+1)); i=$((i+1)); done
cat l39 >/dev/null && echo 40 links; cat l40 2>&1 | sed 's/.*: //'
