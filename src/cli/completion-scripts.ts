/**
 * Each shell hands the words of the line to `causeway complete`, which knows the commands, and shows what comes back: a word and, after
 * a tab, what it stands for; `:file` for what the shell completes itself.
 */
export const SCRIPTS = {
  bash: `# causeway's completion for bash: eval "$(causeway completion bash)", for instance in ~/.bashrc
_causeway() {
  local line=\${COMP_LINE:0:COMP_POINT} words=() word
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  local current=\${words[\${#words[@]}-1]}
  # Readline begins a new word after = and :, and wants only what comes after.
  local begun=\${current%"\${current##*[=:]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    if [[ $word == :file ]]; then
      compopt -o default
      COMPREPLY=()
      return
    fi
    word=\${word#"$begun"}
    COMPREPLY+=("$(printf %q "$word")")
  done < <(eval "\${words[0]} complete -- $(printf '%q ' "\${words[@]:1}")" 2>/dev/null)
  [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -F _causeway causeway
`,
  zsh: `#compdef causeway
# causeway's completion for zsh: eval "$(causeway completion zsh)" in ~/.zshrc after compinit, or a file _causeway in $fpath
_causeway() {
  local line ret=1
  local -a described partial
  for line in "\${(@f)$(\${words[1]} complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    if [[ $line == :file ]]; then
      _files
      return
    fi
    local value=\${line%%$'\\t'*} about=\${line#*$'\\t'}
    if [[ $value == *= ]]; then partial+=("\${value//:/\\\\:}:$about"); else described+=("\${value//:/\\\\:}:$about"); fi
  done
  (( \${#described} )) && _describe -V causeway described && ret=0
  (( \${#partial} )) && _describe -V causeway partial -S '' && ret=0
  return ret
}
if [[ \${funcstack[1]} == _causeway ]]; then _causeway "$@"; else compdef _causeway causeway; fi
`,
  fish: `# causeway's completion for fish: causeway completion fish | source, or ~/.config/fish/completions/causeway.fish
function __causeway_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] complete -- $words[2..] 2>/dev/null)
        if test "$line" = :file
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c causeway -f -a '(__causeway_complete)'
`,
} as const
