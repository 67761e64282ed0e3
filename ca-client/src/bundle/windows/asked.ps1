#Requires -Version 5.1
# Brings a certificate and a VPN connection to this computer. Made by `ca-client bundle` of Fleet CA.
[CmdletBinding()]
param(
    # The passphrase that came to you another way than this file.
    [Parameter(Mandatory)]
    [securestring] $Passphrase
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
