#!/bin/bash
# git: init, add, commit, branch, merge, conflict, rebase, stash, log, diff, blame, clone, push, fetch, gc, fsck.
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@x GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@x GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
export HOME=$PWD
d() { export GIT_AUTHOR_DATE="2024-01-01T00:00:$1Z" GIT_COMMITTER_DATE="2024-01-01T00:00:$1Z"; }
git config --global init.defaultBranch main; git config --global advice.detachedHead false; git init -q r
cd r; seq 20 >a; mkdir sub; echo b >sub/b; d 01; git add .; git commit -qm one; git log --oneline; d 02
echo 21 >>a; git commit -qam two; git log --format='%h %an %ae %s %cI'; git status --short; echo x >new
git status --short --branch; git diff --stat; git diff HEAD~1
git checkout -qb topic; d 03; sed -i 's/^5$/five/' a; git commit -qam 'five on topic'; git checkout -q main
d 04; sed -i 's/^15$/fifteen/' a; git commit -qam fifteen; d 05; git merge -q --no-edit topic
git log --graph --oneline; sed -n '5p;15p' a; git checkout -qb c1; d 06; sed -i 's/^1$/uno/' a
git commit -qam uno; git checkout -q main; d 07; sed -i 's/^1$/eins/' a; git commit -qam eins
git merge c1 2>&1 | tail -2; echo $?; head -6 a; git checkout -q --ours a; d 08; git commit -qam merged
git checkout -qb rb HEAD~1; d 12; echo r >>sub/b; git commit -qam rb; git rebase -q main 2>&1
git log -1 --format=%s; git checkout -q main; git merge -q --ff-only rb; git tag v1; git describe --tags
git show --stat --oneline | tail -2
echo dirty >>a; git stash -q && git status --short; git stash pop -q; git status --short; git checkout -q a
git blame -s a | sed -n '1p;5p;15p'; git rev-parse HEAD HEAD~1 v1; git cat-file -t HEAD
git cat-file -p HEAD:sub/b; git ls-tree -r HEAD; git rev-list --count --all; git grep -n five
git log --oneline -- sub | cat; git shortlog -sn HEAD; git mv sub/b sub/c; d 09; git commit -qm moved
git log --follow --oneline sub/c | wc -l; git format-patch -1 --stdout | grep -c '^rename'
git rm -q --cached new 2>/dev/null; echo $?; cd ..
git clone -q r cl; cd cl; git log --oneline | wc -l; d 10; echo z >z; git add z; git commit -qm z
git push -q origin HEAD:refs/heads/pushed; cd ../r; git branch --list; git log --oneline -1 pushed
git merge -q --ff-only pushed; ls; cd ../cl; git fetch -q; git pull -q --ff-only
git branch -a | sed 's/^..//'; cd ..; git clone -q --bare r b.git
git clone -q "file://$PWD/b.git" shallow --depth 2; git -C shallow rev-list --count HEAD; cd r; git gc -q
git count-objects -v | grep -E '^(count|in-pack|packs)'; git fsck; git bundle create -q ../bun --all
git bundle verify -q ../bun; git archive --format=tar HEAD | tar tf - | sort; git worktree add -q ../wt v1
ls ../wt; git cherry-pick c1 2>&1 | tail -1 | cut -c1-5; git cherry-pick --abort; git reset -q --hard HEAD~1
git reflog | wc -l; git bisect start -q HEAD HEAD~3 2>/dev/null | head -1 | cut -c1-9; git bisect reset -q
printf '#!/bin/sh\necho hook ran\n' >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit; d 11
git commit --allow-empty -qm empty; git rev-parse HEAD; git commit -qm nothing; echo $?
git nonsense 2>/dev/null; echo $?
