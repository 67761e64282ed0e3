function Read-Certificate([string] $Base64) {
    New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList (, [Convert]::FromBase64String($Base64))
}

function Add-ToStore($Certificate, [string] $Name, [string] $Location) {
    $Target = New-Object System.Security.Cryptography.X509Certificates.X509Store -ArgumentList $Name, $Location
    $Target.Open('ReadWrite')
    try { $Target.Add($Certificate) } finally { $Target.Close() }
}

$Me = [Security.Principal.WindowsPrincipal] [Security.Principal.WindowsIdentity]::GetCurrent()
$IsElevated = $Me.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
$RootCertificate = Read-Certificate $Root
$IsTrusted = Test-Path -LiteralPath "Cert:\LocalMachine\Root\$($RootCertificate.Thumbprint)"
if (-not $IsElevated -and $Machine) {
    throw 'Run this script as an administrator: it brings a certificate to the machine.'
}
if (-not $IsElevated -and -not $IsTrusted) {
    throw 'An administrator has to run `certutil -addstore Root root.crt` first: gateways are proved by the store of the machine.'
}

# Who is trusted: the root, and the CAs below it.
if (-not $IsTrusted) {
    Add-ToStore $RootCertificate 'Root' 'LocalMachine'
}
$Location = if ($Machine) { 'LocalMachine' } else { 'CurrentUser' }
foreach ($Intermediate in $Intermediates) {
    Add-ToStore (Read-Certificate $Intermediate) 'CA' $Location
}

# The certificate and its key, which cannot be exported again.
$Keep = if ($Machine) { 'MachineKeySet, PersistKeySet' } else { 'UserKeySet, PersistKeySet' }
$Keep = [System.Security.Cryptography.X509Certificates.X509KeyStorageFlags] $Keep
$Octets = [Convert]::FromBase64String($Identity)
$Own = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList $Octets, $Passphrase, $Keep
if (-not $Own.HasPrivateKey) {
    throw 'No private key came: the passphrase is wrong, or the script was changed.'
}
Add-ToStore $Own 'My' $Location

# The connection, in place of an earlier one of this name.
$Scope = @{}
if ($Machine) { $Scope.AllUserConnection = $true }
Get-VpnConnection @Scope -ErrorAction SilentlyContinue |
    Where-Object { $_.Name -eq $VpnName } |
    ForEach-Object { Remove-VpnConnection -Name $_.Name -Force @Scope }
$Connection = @{
    Name                 = $VpnName
    ServerAddress        = $Server
    TunnelType           = $Tunnel
    AuthenticationMethod = $Authentication
    EncryptionLevel      = 'Required'
    SplitTunneling       = $Networks.Count -gt 0
}
if ($Authentication -eq 'Eap') {
    $Eap = New-EapConfiguration -Tls -UserCertificate -VerifyServerIdentity
    $Connection.EapConfigXmlStream = $Eap.EapConfigXmlStream
}
if ($DnsSuffix) { $Connection.DnsSuffix = $DnsSuffix }
Add-VpnConnection @Connection @Scope -Force
if ($Tunnel -eq 'Ikev2') {
    # What Windows offers by itself has SHA-1 and a group of 1024 bits in it.
    $Suite = @{
        EncryptionMethod                 = 'AES256'
        IntegrityCheckMethod             = 'SHA256'
        DHGroup                          = 'Group14'
        CipherTransformConstants         = 'AES256'
        AuthenticationTransformConstants = 'SHA256128'
        PfsGroup                         = 'None'
    }
    Set-VpnConnectionIPsecConfiguration -ConnectionName $VpnName @Suite @Scope -Force
}
foreach ($Network in $Networks) {
    Add-VpnConnectionRoute -ConnectionName $VpnName -DestinationPrefix $Network @Scope
}
Write-Host "Done. '$VpnName' is under Settings, Network & internet, VPN. Delete this script and the .p12 file now."
