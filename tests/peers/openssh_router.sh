#!/bin/sh
# Speaks with a router through ssh, sftp and scp of OpenSSH, unmodified.
#
# Usage: openssh_router.sh MODEL USER PASSWORD_FILE BUNDLE HOST PORT FOLDER
#
# BUNDLE is a PEM file with a certificate and its key, FOLDER an empty folder to work in. Prints what was done, and ends
# with 1 at the first surprise.
set -eu
model=$1 user=$2 password_file=$3 bundle=$4 host=$5 port=$6 folder=$7

fail() {
    echo "$*" >&2
    exit 1
}

expect() {
    [ "$1" = "$2" ] || fail "$3: '$1', and not '$2'"
}

# The password comes from a program, as there is nobody at a terminal.
ask=$folder/ask
printf '#!/bin/sh\ncat %s\n' "$password_file" >"$ask"
printf '#!/bin/sh\necho guess\n' >"$ask-wrong"
chmod 700 "$ask" "$ask-wrong"
SSH_ASKPASS_REQUIRE=force
export SSH_ASKPASS_REQUIRE
unset SSH_AUTH_SOCK

with() {
    program=$1
    shift
    SSH_ASKPASS=${secret:-$ask} "$program" -F none -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile="$folder/known" -o LogLevel=ERROR -o NumberOfPasswordPrompts=1 "$@" </dev/null
}

console() {
    with ssh -p "$port" "$user@$host" "$1" | tr -d '\r'
}

put() {
    console ":put [$1]"
}

transfer() {
    printf '%s\n' "$1" >"$folder/batch"
    with sftp -P "$port" -o BatchMode=no -b "$folder/batch" "$user@$host"
}

if secret=$ask-wrong with ssh -p "$port" "$user@$host" ':put in' 2>/dev/null; then
    fail "a wrong password is let in"
fi

listed=$(console '/ip service print terse')
for service in api api-ssl ssh www-ssl winbox; do
    case $listed in
        *"name=$service "*) ;;
        *) fail "no service $service in $listed" ;;
    esac
done

before=$(put '/certificate find')
own=$(put '/ip service get www-ssl certificate')
for way in sftp scp older-scp; do
    name=$way.pem
    case $way in
        sftp) transfer "put $bundle $name" >/dev/null ;;
        scp) with scp -P "$port" "$bundle" "$user@$host:$name" ;;
        older-scp) with scp -O -P "$port" "$bundle" "$user@$host:$name" ;;
    esac
    transfer "get $name $folder/back" >/dev/null
    cmp "$bundle" "$folder/back" || fail "$name is not what was sent"
    with scp -O -P "$port" "$user@$host:$name" "$folder/older"
    cmp "$bundle" "$folder/older" || fail "$name is not what was sent"

    counted=$(console "/certificate import file-name=$name passphrase=\"\"")
    for counter in certificates-imported private-keys-imported files-imported; do
        case $counted in
            *"$counter: 1"*) ;;
            *) fail "no $counter: 1 in $counted" ;;
        esac
    done
    held=${name}_0
    expect "$(put "/certificate get [find name=$held] common-name")" guest.example.net common-name
    for wanted in "$held" "$own"; do
        expect "$(console "/ip service set www-ssl certificate=$wanted")" '' "binding $wanted"
        expect "$(put '/ip service get www-ssl certificate')" "$wanted" 'what www-ssl is bound to'
    done
    expect "$(console "/certificate remove [find name=$held]")" '' "removing $held"
    expect "$(put '/certificate find')" "$before" '/certificate after remove'

    # From 7.15 on the import takes the file.
    left=$(put "/file find name=$name")
    case $model in
        6.* | 7.9 | 7.12)
            [ -n "$left" ] || fail "$name is gone after the import"
            transfer "rm $name" >/dev/null
            expect "$(put "/file find name=$name")" '' "$name after its removal"
            ;;
        *) expect "$left" '' "$name after the import" ;;
    esac
done
echo "OpenSSH $model $(put '/system identity get name')"
